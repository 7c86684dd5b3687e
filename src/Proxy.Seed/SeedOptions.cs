using System.CommandLine;
using System.Net;
using Proxy.Hocon;

namespace Proxy.Seed;

/// <summary>The command line and the file, read into <see cref="SeedSettings"/>. What the command line says goes before what the file says.</summary>
internal sealed class SeedOptions
{
    private readonly Option<string?> _listen = new("--listen")
    {
        Description = "Where it is reached. Default http://127.0.0.1:4053; with TLS, https://. Beyond loopback it needs password and TLS.",
        HelpName = "http://HOST:PORT",
    };

    private readonly Option<string?> _file = new("--config", "-c")
    {
        Description = "Settings below tcpproxy.seed: listen, user, password-file, tls-cert, tls-key.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _user = new("--user") { Description = "The one user, who has to give the password.", HelpName = "NAME" };

    private readonly Option<string?> _passwordFile = new("--password-file") { Description = "Holds that user's password, alone.", HelpName = "FILE" };

    private readonly Option<string?> _certificate = new("--tls-cert")
    {
        Description = "Its certificate and those between it and its authority (PEM); the key may be in it too.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _key = new("--tls-key") { Description = "The certificate's key (PEM).", HelpName = "FILE" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_listen, _file, _user, _passwordFile, _certificate, _key])
        {
            command.Add(option);
        }
    }

    public SeedSettings Read(ParseResult parsed)
    {
        var file = parsed.GetValue(_file) is { } path ? ReadFile(path) : [];
        string? Value(Option<string?> option, string setting) => parsed.GetValue(option) ?? file.GetValueOrDefault(setting);

        var url = Value(_listen, "listen");
        var user = Value(_user, "user");
        var passwordFile = Value(_passwordFile, "password-file");
        var certificate = Value(_certificate, "tls-cert");
        var key = Value(_key, "tls-key");
        if (user is null != passwordFile is null)
        {
            throw Usage("--user and --password-file go together");
        }

        if (key is not null && certificate is null)
        {
            throw Usage("--tls-key needs --tls-cert");
        }

        var settings = new SeedSettings
        {
            Listen = EndPoint(url ?? "http://127.0.0.1:4053", certificate is not null),
            UserName = user ?? "",
            Password = passwordFile is null ? "" : ReadPassword(passwordFile),
            Tls = certificate is null ? null : (certificate, key ?? certificate),
        };
        RefuseOpenDoor(settings);
        return settings;
    }

    // Who may write here decides where everybody's connections go.
    private static void RefuseOpenDoor(SeedSettings settings)
    {
        if (IPAddress.IsLoopback(settings.Listen.Address) || (settings.HasPassword && settings.Tls is not null))
        {
            return;
        }

        List<string> missing = [];
        if (!settings.HasPassword)
        {
            missing.Add("--user NAME --password-file FILE");
        }

        if (settings.Tls is null)
        {
            missing.Add("--tls-cert FILE --tls-key FILE");
        }

        throw new SeedException(
            ExitCodes.Configuration,
            $"{settings.Listen} can be reached from other machines, and whoever writes to the seed decides where connections go: "
            + $"add {string.Join(" and ", missing)}, or listen on 127.0.0.1");
    }

    private static IPEndPoint EndPoint(string url, bool hasTls)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https") || parsed.PathAndQuery != "/"
            || url.LastIndexOf(':') < url.IndexOf("//", StringComparison.Ordinal))
        {
            throw Usage($"--listen '{url}': http://HOST:PORT is expected, such as http://127.0.0.1:4053, http://[::1]:4053, or port 0 for any free one");
        }

        if (parsed.Scheme == "https" && !hasTls)
        {
            throw Usage($"--listen '{url}': https needs --tls-cert FILE --tls-key FILE");
        }

        if (IPAddress.TryParse(parsed.DnsSafeHost, out var address))
        {
            return new IPEndPoint(address, parsed.Port);
        }

        return parsed.DnsSafeHost == "localhost"
            ? new IPEndPoint(IPAddress.Loopback, parsed.Port)
            : throw Usage($"--listen '{url}': an address of this machine is expected, such as 127.0.0.1 or 0.0.0.0");
    }

    private static string ReadPassword(string path)
    {
        try
        {
            var password = File.ReadAllText(path).TrimEnd('\r', '\n');
            return password.Length > 0 ? password : throw new SeedException(ExitCodes.Configuration, $"the password file {path} is empty");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SeedException(ExitCodes.Configuration, $"the password file cannot be read: {failure.Message}");
        }
    }

    private static Dictionary<string, string> ReadFile(string path)
    {
        const string Scope = "tcpproxy.seed";
        var result = HoconDocument.Load(path);
        List<HoconError> errors = [.. result.Errors];
        Dictionary<string, string> settings = [];
        if (result.Document is { } document && document.Section.Has(Scope))
        {
            if (document.Section.TryGetObject(Scope, out var section, out var wrong))
            {
                Collect(section, settings, errors);
            }
            else
            {
                errors.Add(wrong);
            }
        }

        return errors.Count == 0
            ? settings
            : throw new SeedException(ExitCodes.Configuration, "the configuration is refused:\n" + string.Join('\n', errors));
    }

    private static void Collect(HoconSection section, Dictionary<string, string> settings, List<HoconError> errors)
    {
        foreach (var key in section.Keys)
        {
            if (!section.TryGetKey(key, out var inside, out var error) || !inside.TryGetString(HoconSection.Itself, out var value, out error))
            {
                errors.Add(error);
            }
            else if (key is "listen" or "user" or "password-file" or "tls-cert" or "tls-key")
            {
                settings.Add(key, value);
            }
            else
            {
                errors.Add(inside.Error("there is no such setting", "listen, user, password-file, tls-cert and tls-key are there"));
            }
        }
    }

    private static SeedException Usage(string message) => new(ExitCodes.Usage, message);
}
