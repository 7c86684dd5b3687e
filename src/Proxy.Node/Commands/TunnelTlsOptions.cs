using System.CommandLine;
using Proxy.Actors;
using Proxy.Transport.Tls;

namespace Proxy.Node.Commands;

/// <summary>TLS of tunnels over <c>tls://</c>; who may use them is a matter of the key inside.</summary>
internal sealed class TunnelTlsOptions
{
    private readonly Option<string[]> _certificate = new("--tls-cert")
    {
        Description = "For tls:// the server shows this certificate and what lies between it and its authority (PEM); the key is in the same file or "
            + "in its own. A renewed file is taken up.",
        HelpName = TlsOptions.FileForm,
    };

    private readonly Option<string?> _authorities = new("--tls-ca")
    {
        Description = "Who may have signed the certificates of tls:// servers (PEM). Default: whom this system trusts.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _name = new("--tls-name")
    {
        Description = "The name that tls:// servers are asked for and have to show. Default: what --server says.",
        HelpName = "NAME",
    };

    public void AddServerTo(Command command) => command.Add(_certificate);

    public void AddClientTo(Command command)
    {
        command.Add(_authorities);
        command.Add(_name);
    }

    /// <param name="isNeeded">Whether the server listens on tls://.</param>
    public TlsTermination? ReadServer(ParseResult parsed, bool isNeeded)
    {
        var files = parsed.GetValue(_certificate) ?? [];
        if (files.Length == 0 || !isNeeded)
        {
            return files.Length > 0 ? throw new UsageException("--tls-cert goes with --listen tls://HOST:PORT")
                : isNeeded ? throw new UsageException("--listen tls://…: a certificate is needed, --tls-cert FILE")
                : null;
        }

        return TlsOptions.Reading("--tls-cert", () => TlsTermination.Read(new TlsTerminationSettings
        {
            Certificates = [.. files.Select(text => TlsOptions.FileOf(text, "--tls-cert"))],
        }));
    }

    /// <param name="isNeeded">Whether there is a tls:// server.</param>
    public UpstreamTlsSettings ReadClient(ParseResult parsed, bool isNeeded)
    {
        var (authorities, name) = (parsed.GetValue(_authorities), parsed.GetValue(_name));
        if (!isNeeded && (authorities ?? name) is not null)
        {
            throw new UsageException($"{(authorities is null ? "--tls-name" : "--tls-ca")} goes with --server tls://HOST:PORT");
        }

        return new UpstreamTlsSettings
        {
            ServerName = name,
            Client = new TlsClientSettings
            {
                // Both ends hold the certificate of this very handshake against each other.
                IsResuming = false,
                Authorities = authorities is { } path ? TlsOptions.Reading("--tls-ca", () => UpstreamTlsSettings.ReadAuthorities(path)) : null,
            },
        };
    }
}
