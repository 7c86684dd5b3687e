using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Transport.Tls;

/// <summary>What a client's end of TLS says and demands.</summary>
public sealed record TlsClientSettings
{
    /// <summary>Who may have signed the server's certificate; null: whom this system trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Who we are, for a server that asks; null: nobody.</summary>
    public SslStreamCertificateContext? Certificate { get; init; }

    /// <summary>What we offer to speak (ALPN), best first; empty: we do not say.</summary>
    public IReadOnlyList<string> ApplicationProtocols { get; init; } = [];

    /// <summary>Whether any certificate will do. Then somebody on the way can read and change everything.</summary>
    public bool IsUnverified { get; init; }

    /// <summary>
    /// Whether hands are shaken in short with a server that knows us from before. Its certificate then is the one of that time, and perhaps not
    /// the one that it shows others now.
    /// </summary>
    public bool IsResuming { get; init; } = true;

    /// <summary>What is offered; tests ask for the older one alone.</summary>
    internal SslProtocols Versions { get; init; } = PeerVerdict.Versions;
}

/// <summary>The client's end: TLS 1.2 and 1.3, the server verified by chain and name. Immutable.</summary>
/// <param name="serverName">Whom we ask for and whose certificate we want: a name, or an address, which is not sent.</param>
/// <param name="settings">What it says and demands.</param>
public sealed class TlsClient(string serverName, TlsClientSettings settings) : ITlsRole
{
    public async Task<TlsSession> AuthenticateAsync(SslStream stream)
    {
        var verdict = new PeerVerdict(isRequired: true, serverName);
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = serverName,
                EnabledSslProtocols = settings.Versions,
                ApplicationProtocols = PeerVerdict.ProtocolsOf(settings.ApplicationProtocols),
                ClientCertificateContext = settings.Certificate,
                CertificateChainPolicy = PeerVerdict.PolicyOf(settings.Authorities),
                RemoteCertificateValidationCallback = settings.IsUnverified ? verdict.Pass : verdict.Judge,
                AllowRenegotiation = false,
                AllowTlsResume = settings.IsResuming,
            });
        }
        catch (AuthenticationException) when (verdict.Rejection is not null)
        {
            throw new CertificateRejectedException("the server's certificate: " + verdict.Rejection);
        }

        return PeerVerdict.SessionOf(stream, serverName, settings.IsUnverified ? null : verdict);
    }
}
