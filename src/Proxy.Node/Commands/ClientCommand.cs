using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Protocol.Chains;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy client</c>: the near end of tunnels.</summary>
internal static class ClientCommand
{
    public static Command Create()
    {
        var server = new Option<string[]>("--server")
        {
            Description = "The proxy servers, by comma or repeated; a tunnel is kept to each, and new connections go to the less loaded.",
            HelpName = "kcp://HOST:PORT",
            Required = true,
        };
        var forward = new Option<string[]>("--forward")
        {
            Description = "Takes connections at LISTEN and has the server connect them to TARGET; may be repeated. TARGET - sends no header: the "
                + "server then has its own target (--to).",
            HelpName = "LISTEN=TARGET",
            Required = true,
        };
        var passSource = new Option<bool>("--pass-source")
        {
            Description = "Tells the server who each connection is for, so that its --proxy-protocol-out can tell the destination. Default: it is not told.",
        };
        var proxyProtocol = new ProxyProtocolOptions();
        var dialect = DialectOptions.ForClient();
        var common = new CommonOptions();
        var command = new Command("client", "Takes connections and carries them through a tunnel to a proxy server.") { server, forward, passSource };
        proxyProtocol.AddInTo(command);
        dialect.AddTo(command);
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var native = dialect.ReadClient(parsed);
            var urls = parsed.GetRequiredValue(server).SelectMany(urls => urls.Split(',')).ToArray();
            var servers = urls.Select(url => Values.Target(Values.KcpAddress(url, "--server"), "--server")).ToArray();
            for (var i = 0; i < urls.Length; i++)
            {
                dialect.CheckAddress(parsed, "--server", urls[i], AddressesOf(servers[i]));
            }

            return NodeHost.RunAsync(
                new NodeSettings
                {
                    Name = common.NameOf(parsed),
                    Client = new ClientSettings
                    {
                        Servers = servers,
                        Native = native,
                        Forwards = [.. parsed.GetRequiredValue(forward).Select(text => Forward(text) with
                        {
                            ProxyProtocol = proxyProtocol.Read(parsed),
                            TellsSource = parsed.GetValue(passSource),
                        })],
                    },
                },
                common.Read(parsed) with { StartLines = [dialect.Describe(parsed)] });
        });
        return command;
    }

    private static ForwardSettings Forward(string text)
    {
        var split = text.IndexOf('=', StringComparison.Ordinal);
        if (split <= 0)
        {
            throw new UsageException($"--forward '{text}': LISTEN=TARGET is expected, such as 127.0.0.1:8080=10.0.0.5:80");
        }

        var target = text[(split + 1)..];
        return new ForwardSettings
        {
            Name = text[..split],
            Listen = Values.ListenEndPoint(text[..split], "--forward"),
            Target = target == "-" ? null : Values.Target(target, "--forward"),
        };
    }

    /// <summary>What a server's name means now; a name nobody knows yet is not known to be loopback either.</summary>
    private static IPAddress[] AddressesOf(Destination server)
    {
        if (server.Address is { } address)
        {
            return [address];
        }

        try
        {
            return Dns.GetHostAddresses(server.Name!);
        }
        catch (SocketException)
        {
            return [IPAddress.None];
        }
    }
}
