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
            DefaultValueFactory = _ => [],
            Description = "A proxy server. Several addresses of the same server, by comma, the best first: the first that works is used, and left again "
                + "for a better one that works later. Repeated: several servers; tunnels are kept to each, and new connections go to the less loaded.",
            HelpName = "kcp|tcp|tls://HOST:PORT[,…]",
        };
        var forward = new Option<string[]>("--forward")
        {
            DefaultValueFactory = _ => [],
            Description = "Takes connections at LISTEN and has the server connect them to TARGET; may be repeated. TARGET - sends no header: the "
                + "server then has its own target (--to).",
            HelpName = "LISTEN=TARGET",
        };
        var forwardUdp = new Option<string[]>("--forward-udp")
        {
            DefaultValueFactory = _ => [],
            Description = "Takes datagrams at LISTEN and has the server send them to TARGET, and its answers back; a sender is forgotten after a minute without any. "
                + "May be repeated.",
            HelpName = "LISTEN=TARGET",
        };
        var udpIdle = new UdpIdleOption();
        var proxies = new ForwardProxyOptions();
        var via = new ViaOptions();
        var connections = new Option<int>("--connections")
        {
            Description = "Tunnels to each server. One is enough but for a path that limits single connections.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var renewAfter = new Option<string?>("--renew-after")
        {
            Description = "After so long another tunnel takes a tunnel's place, with fresh keys; the old one ends with its last stream, and none is cut. "
                + "Default: as long as it works.",
            HelpName = "DURATION",
        };
        var passSource = new Option<bool>("--pass-source")
        {
            Description = "Tells the server who each connection is for, so that its --proxy-protocol-out can tell the destination. Default: it is not told.",
        };
        var proxyProtocol = new ProxyProtocolOptions();
        var tls = new TunnelTlsOptions();
        var dialect = DialectOptions.ForClient();
        var cluster = new ClusterOptions();
        var common = new CommonOptions();
        var command = new Command("client", "Takes connections and carries them through a tunnel to a proxy server.") { server, forward, forwardUdp, connections, renewAfter, passSource };
        udpIdle.AddTo(command);
        proxies.AddTo(command);
        via.AddTo(command);
        proxyProtocol.AddInTo(command);
        tls.AddClientTo(command);
        dialect.AddTo(command);
        cluster.AddClientTo(command);
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var servers = parsed.GetRequiredValue(server).Select(urls => ServerOf(urls, "--server")).ToArray();
            var addresses = servers.SelectMany(one => one.Addresses).ToArray();
            foreach (var address in addresses)
            {
                dialect.CheckTransport(parsed, "--server", address.Transport);
                dialect.CheckAddress(parsed, "--server", address.ToString(), AddressesOf(address.Destination));
            }

            var isClustered = CheckCluster(parsed, cluster, dialect, servers.Length);
            var hasTunnels = isClustered || servers.Length > 0;
            var count = parsed.GetValue(connections);
            if (count is < 1 or > MaximumConnections)
            {
                throw new UsageException($"--connections {count}: a number from 1 to {MaximumConnections} is expected");
            }

            var renewal = parsed.GetValue(renewAfter) is { } text ? Values.Wait(text, "--renew-after") : TimeSpan.Zero;
            var tlsOfServers = tls.ReadClient(parsed, isClustered || addresses.Any(address => address.Transport == TunnelTransport.Tls));
            var native = hasTunnels ? dialect.ReadClient(parsed) : null;
            var hops = via.Read(parsed, dialect, hasTunnels, AddressesOf);
            var tellsSource = parsed.GetValue(passSource);
            FrontendSettings[] frontends =
            [
                .. parsed.GetRequiredValue(forward).Select(text => Forward(text, tellsSource, hops.Count > 0)),
                .. parsed.GetRequiredValue(forwardUdp).Select(text => ForwardUdp(text, tellsSource, hops.Count > 0)),
                .. proxies.Read(parsed, TargetOf(null, tellsSource, hops.Count > 0)),
            ];
            if (native is null && frontends.Any(frontend => frontend.IsUdp) && hasTunnels)
            {
                throw new UsageException("--forward-udp: the dialect of vproxy carries no datagrams");
            }

            if (frontends.Length == 0)
            {
                throw new UsageException("a client needs a --forward, --forward-udp, --socks, --http, --mixed, --redirect or --tproxy: where to take connections");
            }

            return NodeHost.RunAsync(
                new NodeSettings
                {
                    Name = common.NameOf(parsed),
                    Tunnels = !hasTunnels ? [] :
                    [
                        new TunnelPoolSettings
                        {
                            Name = PoolName,
                            Servers = servers,
                            Cluster = isClustered || (native is { ServerKey.IsEmpty: true } && hops.Count == 0) ? cluster.ReadPool(parsed, ClientIdentity(common.NameOf(parsed))) : null,
                            Connections = count,
                            RenewAfter = renewal,
                            Tls = tlsOfServers,
                            Native = native,
                        },
                    ],
                    ChainSets = hops.Count == 0 ? [] : [ViaOptions.SetOf(hasTunnels ? PoolName : null, hops)],
                    Frontends = [.. frontends.Select(frontend => frontend with
                    {
                        ProxyProtocol = frontend.IsUdp ? ProxyProtocolSettings.Off : proxyProtocol.Read(parsed),
                        Timeouts = udpIdle.Apply(parsed, frontend.Timeouts),
                    })],
                },
                common.Read(parsed) with { Cluster = cluster.Read(parsed), StartLines = [.. hasTunnels ? [dialect.Describe(parsed)] : Array.Empty<string>(), .. via.Describe(hops)] });
        });
        return command;
    }

    /// <summary>Whether the servers are a cluster's; who speaks without a seal may not go wherever the engine says.</summary>
    private static bool CheckCluster(ParseResult parsed, ClusterOptions cluster, DialectOptions dialect, int servers)
    {
        if (!cluster.IsGiven(parsed))
        {
            return false;
        }

        dialect.CheckAddress(parsed, "--cluster", "servers anywhere", [IPAddress.None]);
        return servers == 0 ? true : throw new UsageException("--server and --cluster do not go together: the cluster says which servers there are");
    }

    /// <summary>By what its servers are chosen: two clients of one name on one machine do not choose alike, and none chooses anew without need.</summary>
    internal static string ClientIdentity(string name) => $"{name}@{StateDirectory.ReadIdentity(asked: null)}";

    /// <summary>The addresses of one server, separated by comma.</summary>
    internal static TunnelServer ServerOf(string urls, string option)
    {
        var addresses = urls.Split(',').Select(url =>
        {
            var (transport, text) = Values.TunnelUrl(url, option);
            return new TunnelAddress(transport, Values.Target(text, option));
        }).ToArray();
        return addresses.Distinct().Count() == addresses.Length
            ? new TunnelServer(addresses)
            : throw new UsageException($"{option} '{urls}': an address is there twice");
    }

    private static FrontendSettings Forward(string text, bool tellsSource, bool hasChain)
    {
        var (listen, target) = SplitForward(text, "--forward", "127.0.0.1:8080=10.0.0.5:80");
        return new FrontendSettings { Name = listen, Listen = Values.FrontendEndPoint(listen, "--forward"), To = ForwardTo(target, tellsSource, hasChain) };
    }

    private static FrontendSettings ForwardUdp(string text, bool tellsSource, bool hasChain)
    {
        const string Option = "--forward-udp";
        var (listen, target) = SplitForward(text, Option, "127.0.0.1:5353=10.0.0.53:53");
        return new FrontendSettings
        {
            Name = $"udp://{listen}",
            Listen = Values.ListenEndPoint(listen, Option),
            IsUdp = true,
            To = TargetOf(Values.Target(target, Option), tellsSource, hasChain),
        };
    }

    private static (string Listen, string Target) SplitForward(string text, string option, string example)
    {
        // What stands before it may have one too: unix:/PATH?mode=660.
        var split = text.LastIndexOf('=');
        return split > 0
            ? (text[..split], text[(split + 1)..])
            : throw new UsageException($"{option} '{text}': LISTEN=TARGET is expected, such as {example}");
    }

    private static FrontendTarget ForwardTo(string target, bool tellsSource, bool hasChain) => target != "-"
        ? TargetOf(Values.Target(target, "--forward"), tellsSource, hasChain)
        : hasChain
            ? throw new UsageException("--forward LISTEN=-: the hops of --via have to be told where a connection goes")
            : TargetOf(null, tellsSource, hasChain);

    private static FrontendTarget TargetOf(Destination? destination, bool tellsSource, bool hasChain) => hasChain
        ? new ChainTarget(ViaOptions.SetName, destination) { TellsSource = tellsSource }
        : new TunnelTarget(PoolName, destination) { TellsSource = tellsSource };

    /// <summary>What a server's name means now; a name nobody knows yet is not known to be loopback either.</summary>
    internal static IPAddress[] AddressesOf(Destination server)
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

    private const string PoolName = "tunnels";

    /// <summary>Each is a connection with a congestion controller of its own: more take from others what is theirs.</summary>
    internal const int MaximumConnections = 64;
}
