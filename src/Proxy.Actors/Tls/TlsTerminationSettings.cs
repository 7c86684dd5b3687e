using Proxy.Transport.Tls;

namespace Proxy.Actors;

/// <summary>TLS of a frontend with its clients: what it is given. Immutable.</summary>
public sealed record TlsTerminationSettings
{
    /// <summary>At least one; chosen by the names in them. The first serves who asks for no name or for one that nobody has.</summary>
    public required IReadOnlyList<CertificateFile> Certificates { get; init; }

    /// <summary>What the servers behind it speak (ALPN), best first; empty: the client is not told.</summary>
    public IReadOnlyList<string> ApplicationProtocols { get; init; } = [];

    /// <summary>A PEM file of those who may have signed clients' certificates; null: clients are not asked for one.</summary>
    public string? ClientAuthoritiesPath { get; init; }

    /// <summary>Whether a client without a certificate is refused; one with a bad certificate is refused always.</summary>
    public bool IsClientCertificateRequired { get; init; } = true;

    /// <summary>How often the files are looked at; zero: never.</summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(30);

    public TlsSettings Handshake { get; init; } = TlsSettings.Default;
}
