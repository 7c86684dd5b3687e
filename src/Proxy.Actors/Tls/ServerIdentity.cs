using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Proxy.Policy.Names;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

/// <summary>Who a frontend is towards its clients, as its files said at one moment. Immutable; a new one takes its place when they change.</summary>
internal sealed class ServerIdentity
{
    private ServerIdentity(TlsServer role, byte[] digest, IReadOnlyList<string> texts)
    {
        (Role, Digest, Texts) = (role, digest, texts);
    }

    public TlsServer Role { get; }

    /// <summary>Of the contents of all files.</summary>
    public byte[] Digest { get; }

    /// <summary>One line for each certificate: where it lies, for whom it is, and until when.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <exception cref="CertificateFileException">A file is missing or wrong.</exception>
    public static ServerIdentity Read(TlsTerminationSettings settings)
    {
        var authoritiesFile = settings.ClientAuthoritiesPath is { } path ? PemFile.Read(path) : null;
        var authorities = authoritiesFile?.Certificates();
        var trust = authorities is null ? null : SslCertificateTrust.CreateForX509Collection(authorities, sendTrustInHandshake: true);
        var files = settings.Certificates.Select(file => FilesOf(file)).ToArray();
        var names = new List<KeyValuePair<string, SslStreamCertificateContext>>();
        var texts = new List<string>();
        SslStreamCertificateContext? first = null;
        foreach (var (certificateFile, keyFile) in files)
        {
            var certificate = certificateFile.WithKeyOf(keyFile);
            var context = ContextOf(certificateFile, certificate, trust);
            first ??= context;
            string[] own = [.. NamesOf(certificate).Where(ServerNames.IsPattern)];
            names.AddRange(own.Select(name => KeyValuePair.Create(name, context)));
            texts.Add($"{certificateFile.Path}: for {(own.Length == 0 ? "no name" : string.Join(", ", own))}, until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}");
        }

        var table = new ServerNameTable<SslStreamCertificateContext>(names, first, isOneLabel: true);
        var role = new TlsServer(name => table.TryFind(name, out var context) ? context : null, new TlsServerSettings
        {
            ApplicationProtocols = settings.ApplicationProtocols,
            ClientAuthorities = authorities,
            IsClientCertificateRequired = settings.IsClientCertificateRequired,
        });
        return new ServerIdentity(role, DigestOf([.. files.SelectMany(pair => new[] { pair.Certificate, pair.Key }), authoritiesFile]), texts);
    }

    /// <summary>The certificate of a file as a handshake takes it, with those between it and its authority.</summary>
    public static SslStreamCertificateContext ContextOf(PemFile file, X509Certificate2 certificate, SslCertificateTrust? trust)
    {
        var others = file.Certificates();
        others.RemoveAt(0);
        try
        {
            return SslStreamCertificateContext.Create(certificate, others, offline: true, trust);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new CertificateFileException($"{file.Path}: the certificate cannot be used: {failure.Message}");
        }
    }

    public static (PemFile Certificate, PemFile Key) FilesOf(CertificateFile file)
    {
        var certificate = PemFile.Read(file.CertificatePath);
        return (certificate, file.KeyPath is null ? certificate : PemFile.Read(file.KeyPath));
    }

    // The subject counts only where there are no alternative names (RFC 6125, 6.4.4).
    private static IEnumerable<string> NamesOf(X509Certificate2 certificate)
    {
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToArray();
        return alternatives.Length > 0
            ? alternatives.SelectMany(extension => extension.EnumerateDnsNames())
            : [certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false)];
    }

    private static byte[] DigestOf(IEnumerable<PemFile?> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            var bytes = Encoding.ASCII.GetBytes(file?.Text ?? "");
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }
}
