using System.CommandLine;
using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Policy;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy server</c>: the far end of tunnels.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        var listen = new Option<string[]>("--listen")
        {
            Description = "Where tunnels are taken; may be repeated.",
            HelpName = "kcp://HOST:PORT",
            Required = true,
        };
        var allow = new Option<string[]>("--allow-destination")
        {
            Description = "Where clients' streams may go; may be repeated. Nothing is allowed without it, and loopback, link-local and metadata "
                + "addresses only when named themselves (127.0.0.0/8), never by 0.0.0.0/0.",
            HelpName = "CIDR-or-name[:PORTS]",
        };
        var to = new Option<string?>("--to")
        {
            Description = "One target for every stream, which then carries no header: for clients that are a vproxy KcpTun, or --forward LISTEN=-.",
            HelpName = "HOST:PORT",
        };
        var proxyProtocol = new ProxyProtocolOptions();
        var principals = new PrincipalOptions();
        var dialect = DialectOptions.ForServer();
        var common = new CommonOptions();
        var command = new Command("server", "Takes tunnels from proxy clients and connects their streams to real servers.") { listen, allow, to };
        proxyProtocol.AddOutTo(command);
        dialect.AddTo(command);
        principals.AddTo(command);
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var native = dialect.ReadServer(parsed, out var lines);
            var urls = parsed.GetRequiredValue(listen);
            var endPoints = urls.Select(url => Values.ListenEndPoint(Values.KcpAddress(url, "--listen"), "--listen")).ToArray();
            for (var i = 0; i < urls.Length; i++)
            {
                dialect.CheckAddress(parsed, "--listen", urls[i], [endPoints[i].Address]);
            }

            return NodeHost.RunAsync(
                new NodeSettings
                {
                    Name = common.NameOf(parsed),
                    Server = new ServerSettings
                    {
                        Listen = endPoints,
                        Native = native,
                        Destinations = Rules(parsed.GetValue(allow) ?? []),
                        Principals = principals.Read(parsed, [.. (native?.Keys.Keys ?? []).Select(key => key.Name)]),
                        ProxyProtocolOut = proxyProtocol.ReadOut(parsed),
                        FixedTarget = parsed.GetValue(to) is { } target ? Values.Target(target, "--to") : null,
                    },
                },
                common.Read(parsed) with { StartLines = [dialect.Describe(parsed), .. lines] });
        });
        return command;
    }

    private static DestinationRules Rules(IEnumerable<string> texts) => new([.. texts.Select(text =>
        DestinationRule.TryParse(text, out var rule, out var error) ? rule : throw new UsageException($"--allow-destination: {error}"))]);
}
