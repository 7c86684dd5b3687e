using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Proxy.Transport.Tls;

/// <summary>What a server's end of TLS demands.</summary>
public sealed record TlsServerSettings
{
    /// <summary>What it speaks (ALPN), best first; empty: it does not say. A client that offers only others is refused.</summary>
    public IReadOnlyList<string> ApplicationProtocols { get; init; } = [];

    /// <summary>Who may have signed the certificates of clients; null: clients are not asked for one.</summary>
    public X509Certificate2Collection? ClientAuthorities { get; init; }

    /// <summary>Whether a client without a certificate is refused. One with a bad certificate is refused always.</summary>
    public bool IsClientCertificateRequired { get; init; } = true;
}

/// <summary>The server's end: TLS 1.2 and 1.3, the certificate chosen by the name that the client asks for. Immutable.</summary>
/// <param name="choose">The certificate for a name in lower case (null: the client gave none); null: there is none, and the client is refused.</param>
/// <param name="settings">What it demands.</param>
public sealed class TlsServer(Func<string?, SslStreamCertificateContext?> choose, TlsServerSettings settings) : ITlsRole
{
    public async Task<TlsSession> AuthenticateAsync(SslStream stream)
    {
        var verdict = new PeerVerdict(settings.IsClientCertificateRequired, name: null);
        string? serverName = null;
        try
        {
            await stream.AuthenticateAsServerAsync(
                (_, hello, _, _) =>
                {
                    serverName = NameIn(hello);
                    return new ValueTask<SslServerAuthenticationOptions>(OptionsFor(serverName, verdict));
                },
                state: null);
        }
        catch (AuthenticationException) when (verdict.Rejection is not null)
        {
            throw new CertificateRejectedException("the client's certificate: " + verdict.Rejection);
        }

        return PeerVerdict.SessionOf(stream, serverName, settings.ClientAuthorities is null ? null : verdict);
    }

    private SslServerAuthenticationOptions OptionsFor(string? name, PeerVerdict verdict)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = choose(name) ?? throw new AuthenticationException($"no certificate for {TlsFaults.Printable(name ?? "a client that names no server")}"),
            EnabledSslProtocols = PeerVerdict.Versions,
            ApplicationProtocols = PeerVerdict.ProtocolsOf(settings.ApplicationProtocols),
            AllowRenegotiation = false,
        };
        if (settings.ClientAuthorities is { } authorities)
        {
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = verdict.Judge;
            options.CertificateChainPolicy = PeerVerdict.PolicyOf(authorities);

            // Each connection proves itself, to the authorities of this moment.
            options.AllowTlsResume = false;
        }

        return options;
    }

    // The framework shows international names in their own letters; certificates and settings have them as they are sent.
    private static string? NameIn(SslClientHelloInfo hello)
    {
        var name = hello.ServerName.TrimEnd('.').ToLowerInvariant();
        if (!Ascii.IsValid(name))
        {
            try
            {
                name = Names.GetAscii(name);
            }
            catch (ArgumentException)
            {
                // It fits no certificate, and the first one is shown.
            }
        }

        return name.Length == 0 ? null : name;
    }

    private static readonly IdnMapping Names = new();
}
