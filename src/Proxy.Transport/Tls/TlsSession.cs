namespace Proxy.Transport.Tls;

/// <summary>What a handshake agreed on, for logs.</summary>
/// <param name="Version">`TLS 1.3`.</param>
/// <param name="CipherSuite">By its registered name.</param>
/// <param name="ApplicationProtocol">What ALPN chose; null: nothing.</param>
/// <param name="ServerName">What the client asked for (SNI); null: nothing.</param>
/// <param name="PeerName">The subject of the peer's verified certificate; null: it has none, or nobody verified it.</param>
public sealed record TlsSession(string Version, string CipherSuite, string? ApplicationProtocol, string? ServerName, string? PeerName)
{
    /// <summary>SHA-256 of the certificate that the server showed: what ties something inside TLS to this very server (RFC 5929, 4).</summary>
    public ReadOnlyMemory<byte> ServerCertificateHash { get; init; }

    public override string ToString() => string.Join(' ', new[]
    {
        Version,
        CipherSuite,
        ApplicationProtocol is null ? null : $"alpn={ApplicationProtocol}",
        ServerName is null ? null : $"sni={ServerName}",
        PeerName is null ? null : $"peer={PeerName}",
    }.Where(part => part is not null));
}
