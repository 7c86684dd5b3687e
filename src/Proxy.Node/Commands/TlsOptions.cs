using System.CommandLine;
using Proxy.Actors;
using Proxy.Policy.Balancing;
using Proxy.Policy.Names;
using Proxy.Transport.Tls;

namespace Proxy.Node.Commands;

/// <summary>TLS of a relay: ended here, passed through by server name, begun anew towards the servers. Off unless asked for.</summary>
internal sealed class TlsOptions
{
    private readonly Option<string[]> _certificate = new("--tls-cert")
    {
        Description = "TLS with clients is ended here, with this certificate and what lies between it and its authority (PEM); the key is in the same "
            + "file or in its own. Repeat it for more: each serves the names in it, the first also everybody else. A renewed file is taken up.",
        HelpName = FileForm,
    };

    private readonly Option<string?> _protocols = new("--tls-alpn")
    {
        Description = "What the servers behind speak, best first, told to TLS clients; one that offers only others is refused.",
        HelpName = "NAME[,NAME]",
    };

    private readonly Option<string?> _clientAuthorities = new("--tls-client-ca")
    {
        Description = "TLS clients have to show a certificate that one of these authorities has signed (PEM).",
        HelpName = "FILE",
    };

    private readonly Option<string> _clientAuth = new("--tls-client-auth")
    {
        Description = "Whether a TLS client may come without a certificate.",
        DefaultValueFactory = _ => "required",
    };

    private readonly Option<string> _reload = new("--tls-reload")
    {
        Description = "How often the files of --tls-cert are looked at; 0s: never.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "30s",
    };

    private readonly Option<string[]> _routes = new("--sni-route")
    {
        Description = "TLS clients that ask for this name, or one below *.NAME, go there; repeat it for more names and servers. Without --tls-cert "
            + "nothing is decrypted. Who fits no route goes to --to, or is refused where there is none.",
        HelpName = "NAME=" + ServerText.Form,
    };

    private readonly Option<bool> _to = new("--to-tls")
    {
        Description = "TLS with the servers, each verified for the name or address it is given by.",
    };

    private readonly Option<string?> _toAuthorities = new("--to-tls-ca")
    {
        Description = "Who may have signed the servers' certificates (PEM). Default: whom this system trusts.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _toName = new("--to-tls-name")
    {
        Description = "The name that the servers are asked for and have to show. Default: what --to says.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _toCertificate = new("--to-tls-cert")
    {
        Description = "What is shown to servers that ask for a certificate (PEM).",
        HelpName = FileForm,
    };

    private readonly Option<string?> _toProtocols = new("--to-tls-alpn")
    {
        Description = "What is offered to the servers to speak, best first.",
        HelpName = "NAME[,NAME]",
    };

    private readonly Option<bool> _toInsecure = new("--to-tls-insecure")
    {
        Description = "Servers are not verified: whoever sits on the way can read and change everything.",
    };

    public TlsOptions()
    {
        _clientAuth.AcceptOnlyFromAmong("required", "optional");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_certificate, _protocols, _clientAuthorities, _clientAuth, _reload, _routes, _to, _toAuthorities, _toName, _toCertificate, _toProtocols, _toInsecure])
        {
            command.Add(option);
        }
    }

    public TlsTermination? ReadTermination(ParseResult parsed)
    {
        var certificates = parsed.GetValue(_certificate) ?? [];
        if (certificates.Length == 0)
        {
            Without(parsed, "--tls-cert", _protocols, _clientAuthorities);
            return null;
        }

        var authorities = parsed.GetValue(_clientAuthorities);
        return Reading("--tls-cert", () => TlsTermination.Read(new TlsTerminationSettings
        {
            Certificates = [.. certificates.Select(text => FileOf(text, "--tls-cert"))],
            ApplicationProtocols = Protocols(parsed.GetValue(_protocols), "--tls-alpn"),
            ClientAuthoritiesPath = authorities,
            IsClientCertificateRequired = parsed.GetValue(_clientAuth) == "required",
            ReloadInterval = Values.Duration(parsed.GetValue(_reload)!, "--tls-reload"),
        }));
    }

    /// <summary>Servers by the name that clients ask for, in the order of the command line.</summary>
    public IReadOnlyList<(string Pattern, IReadOnlyList<ServerEntry> Servers)> ReadRoutes(ParseResult parsed) => [.. (parsed.GetValue(_routes) ?? [])
        .Select(text => text.Split('=', 2) is [var name, var server] && ServerNames.IsPattern(name)
            ? (Name: name.ToLowerInvariant(), Server: ServerText.Read(server, "--sni-route"))
            : throw new UsageException($"--sni-route '{text}': NAME={ServerText.Form} is expected, such as example.org=10.0.0.5:443 or *.example.org=10.0.0.6:443"))
        .GroupBy(route => route.Name, route => route.Server)
        .Select(group => (group.Key, (IReadOnlyList<ServerEntry>)[.. group]))];

    public UpstreamTlsSettings? ReadUpstream(ParseResult parsed)
    {
        if (!parsed.GetValue(_to))
        {
            Without(parsed, "--to-tls", _toAuthorities, _toName, _toCertificate, _toProtocols);
            return parsed.GetValue(_toInsecure) ? throw new UsageException("--to-tls-insecure goes with --to-tls") : null;
        }

        var isInsecure = parsed.GetValue(_toInsecure);
        if (isInsecure && parsed.GetValue(_toAuthorities) is not null)
        {
            throw new UsageException("--to-tls-insecure verifies nothing, and --to-tls-ca says how to: take one of them");
        }

        return new UpstreamTlsSettings
        {
            ServerName = parsed.GetValue(_toName),
            Client = new TlsClientSettings
            {
                Authorities = parsed.GetValue(_toAuthorities) is { } path ? Reading("--to-tls-ca", () => UpstreamTlsSettings.ReadAuthorities(path)) : null,
                Certificate = parsed.GetValue(_toCertificate) is { } text
                    ? Reading("--to-tls-cert", () => UpstreamTlsSettings.ReadCertificate(FileOf(text, "--to-tls-cert")))
                    : null,
                ApplicationProtocols = Protocols(parsed.GetValue(_toProtocols), "--to-tls-alpn"),
                IsUnverified = isInsecure,
            },
        };
    }

    private static void Without(ParseResult parsed, string needed, params Option<string?>[] options)
    {
        foreach (var option in options)
        {
            if (parsed.GetValue(option) is not null)
            {
                throw new UsageException($"{option.Name} goes with {needed}");
            }
        }
    }

    internal static CertificateFile FileOf(string text, string option) => text.Split(',') switch
    {
        [{ Length: > 0 } both] => new CertificateFile(both, null),
        [{ Length: > 0 } certificate, var key] when key.StartsWith(KeyPrefix, StringComparison.Ordinal) && key.Length > KeyPrefix.Length =>
            new CertificateFile(certificate, key[KeyPrefix.Length..]),
        _ => throw new UsageException($"{option} '{text}': {FileForm} is expected"),
    };

    private static string[] Protocols(string? text, string option)
    {
        var names = text?.Split(',') ?? [];
        return Array.TrueForAll(names, name => name.Length is > 0 and <= 255 && !name.AsSpan().ContainsAnyExceptInRange('!', '~'))
            ? names
            : throw new UsageException($"{option} '{text}': names of protocols are expected, such as h2,http/1.1");
    }

    internal static T Reading<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CertificateFileException wrong)
        {
            throw new ConfigurationException($"{option}: {wrong.Message}");
        }
    }

    internal const string FileForm = "FILE[,key=FILE]";
    private const string KeyPrefix = "key=";
}
