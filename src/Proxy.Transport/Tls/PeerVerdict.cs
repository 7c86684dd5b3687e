using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Transport.Tls;

/// <summary>What one handshake found out about its peer's certificate, in words; the framework's own say only that something was wrong.</summary>
/// <param name="isRequired">Whether a peer without a certificate is refused.</param>
/// <param name="name">The name that the certificate has to be for; null: any.</param>
internal sealed class PeerVerdict(bool isRequired, string? name)
{
    public const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Why the certificate was refused; null: it was not.</summary>
    public string? Rejection { get; private set; }

    public bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Rejection = errors switch
        {
            SslPolicyErrors.None => null,
            _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) => isRequired ? "none was given" : null,
            _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
                $"it is not for {TlsFaults.Printable(name ?? "")} but for {TlsFaults.Printable(certificate?.Subject ?? "nobody")}",
            _ => $"{TlsFaults.Printable(certificate?.Subject ?? "nobody")}: {Faults(chain)}",
        };
        return Rejection is null;
    }

    /// <summary>Takes any certificate, as somebody has asked for by name.</summary>
    public bool Pass(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => Rejection is null;

    /// <summary>No name of an authority is looked up, no list is fetched: a handshake waits for its peer and for nobody else.</summary>
    public static X509ChainPolicy PolicyOf(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    public static List<SslApplicationProtocol>? ProtocolsOf(IReadOnlyList<string> names) =>
        names.Count == 0 ? null : [.. names.Select(name => new SslApplicationProtocol(name))];

    /// <param name="verdict">Null: nobody has verified the peer.</param>
    public static TlsSession SessionOf(SslStream stream, string? serverName, PeerVerdict? verdict) => new(
        stream.SslProtocol switch
        {
            SslProtocols.Tls13 => "TLS 1.3",
            SslProtocols.Tls12 => "TLS 1.2",
            var other => other.ToString(),
        },
        stream.NegotiatedCipherSuite.ToString(),
        stream.NegotiatedApplicationProtocol.Protocol.IsEmpty ? null : TlsFaults.Printable(stream.NegotiatedApplicationProtocol.ToString()),
        serverName is null ? null : TlsFaults.Printable(serverName),
        verdict is null || stream.RemoteCertificate is not { } certificate ? null : TlsFaults.Printable(certificate.Subject))
    {
        ServerCertificateHash = (stream.IsServer ? stream.LocalCertificate : stream.RemoteCertificate)?.GetCertHash(HashAlgorithmName.SHA256) ?? [],
    };

    private static string Faults(X509Chain? chain)
    {
        var faults = chain?.ChainStatus.Select(status => status.Status.ToString()).Distinct().ToArray() ?? [];
        return faults.Length == 0 ? "it cannot be verified" : string.Join(", ", faults);
    }
}
