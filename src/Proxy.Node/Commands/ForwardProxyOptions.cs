using System.CommandLine;
using Proxy.Actors;

namespace Proxy.Node.Commands;

/// <summary>Frontends of a client whose users say themselves where they want to go.</summary>
internal sealed class ForwardProxyOptions
{
    private readonly Option<string[]> _socks = ListenOption(
        "--socks", "Takes SOCKS at LISTEN: version 5, and 4 and 4a where no users are asked for. The far end resolves names and connects. May be repeated.");

    private readonly Option<string[]> _http = ListenOption(
        "--http", "Takes HTTP at LISTEN as a forward proxy does: CONNECT, and requests for http://… . The far end resolves names and connects. May be repeated.");

    private readonly Option<string[]> _mixed = ListenOption("--mixed", "Takes both at LISTEN, SOCKS and HTTP: the first byte says which. May be repeated.");

    private readonly Option<string[]> _redirect = ListenOption(
        "--redirect", "Takes at LISTEN what the packet filter of this machine redirects there, and carries it to where it was going (Linux; 'tcpproxy redirect "
            + "print-rules' has rules for nftables). May be repeated.");

    private readonly Option<string[]> _transparent = ListenOption(
        "--tproxy", "As --redirect, by TPROXY: the client's connection ends at the address that it wanted to (Linux, as root). May be repeated.");

    private readonly Option<string[]> _transparentUdp = ListenOption("--tproxy-udp", "The same for UDP. May be repeated.");

    private readonly Option<string?> _users = new("--proxy-users")
    {
        Description = "Who may use --socks, --http and --mixed: a file of lines NAME:PASSWORD, for its owner alone (mode 0600). Who guesses is made to wait. "
            + "Default: whoever reaches the port.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(_socks);
        command.Add(_http);
        command.Add(_mixed);
        command.Add(_redirect);
        command.Add(_transparent);
        command.Add(_transparentUdp);
        command.Add(_users);
    }

    /// <summary>Empty: none is asked for.</summary>
    /// <param name="to">Where their connections go, without a destination.</param>
    public IReadOnlyList<FrontendSettings> Read(ParseResult parsed, FrontendTarget to)
    {
        var users = ReadUsers(parsed.GetValue(_users));
        FrontendSettings[] frontends =
        [
            .. Of(parsed, _socks, ForwardProtocols.Socks, to, users),
            .. Of(parsed, _http, ForwardProtocols.Http, to, users),
            .. Of(parsed, _mixed, ForwardProtocols.Socks | ForwardProtocols.Http, to, users),
        ];
        FrontendSettings[] redirected =
        [
            .. Of(parsed, _redirect, ForwardProtocols.Redirect, to, users: null),
            .. Of(parsed, _transparent, ForwardProtocols.Transparent, to, users: null),
            .. Of(parsed, _transparentUdp, ForwardProtocols.Transparent, to, users: null)
                .Select(frontend => frontend with { Name = $"udp://{frontend.Name}", IsUdp = true }),
        ];
        return users is null || frontends.Length > 0
            ? [.. frontends, .. redirected]
            : throw new UsageException($"{_users.Name}: there is no {_socks.Name}, {_http.Name} or {_mixed.Name} that they could use");
    }

    private static Option<string[]> ListenOption(string name, string description) => new(name)
    {
        DefaultValueFactory = _ => [],
        Description = description,
        HelpName = "LISTEN",
    };

    private static IEnumerable<FrontendSettings> Of(
        ParseResult parsed, Option<string[]> option, ForwardProtocols protocols, FrontendTarget to, ProxyUsers? users) =>
        parsed.GetRequiredValue(option).Select(listen => new FrontendSettings
        {
            Name = listen,
            Listen = Values.FrontendEndPoint(listen, option.Name),
            To = to,
            Proxy = new ForwardProxySettings { Protocols = protocols, Users = users },
        });

    private static ProxyUsers? ReadUsers(string? path)
    {
        try
        {
            return path is null ? null : ProxyUsers.Read(path);
        }
        catch (KeyFileException failure)
        {
            throw new UsageException(failure.Message);
        }
    }
}
