using System.Security.Cryptography.X509Certificates;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

/// <summary>TLS of a relay with its servers. Immutable.</summary>
public sealed record UpstreamTlsSettings
{
    /// <summary>Whose certificate the servers have to show; null: each that of the name or address it was given by.</summary>
    public string? ServerName { get; init; }

    public TlsClientSettings Client { get; init; } = new();

    public TlsSettings Handshake { get; init; } = TlsSettings.Default;

    /// <summary>The role towards a server that the settings call <paramref name="host"/>.</summary>
    public ITlsRole RoleTowards(string host) => new TlsClient(ServerName ?? host, Client);

    /// <summary>The authorities in a PEM file.</summary>
    /// <exception cref="CertificateFileException">The file is missing or wrong.</exception>
    public static X509Certificate2Collection ReadAuthorities(string path) => PemFile.Read(path).Certificates();

    /// <summary>The client's certificate in a PEM file.</summary>
    /// <exception cref="CertificateFileException">A file is missing or wrong.</exception>
    public static System.Net.Security.SslStreamCertificateContext ReadCertificate(CertificateFile file)
    {
        var (certificate, key) = ServerIdentity.FilesOf(file);
        return ServerIdentity.ContextOf(certificate, certificate.WithKeyOf(key), trust: null);
    }
}
