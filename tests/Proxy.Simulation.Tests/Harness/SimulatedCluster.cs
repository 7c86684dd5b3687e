using System.Net;
using Proxy.Actors;
using Proxy.Kernel;
using Proxy.Policy;
using Proxy.Policy.Limits;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.TestKit;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Simulation.Tests;

/// <summary>What of a <see cref="SimulatedCluster"/> differs from test to test.</summary>
public sealed record ClusterPlan
{
    /// <summary>Whether the tunnel is sealed; else it speaks as vproxy does.</summary>
    public bool IsSealed { get; init; }

    /// <summary>Whether the client takes datagrams, and the upstream.</summary>
    public bool IsUdp { get; init; }

    /// <summary>Whether the client of a sealed tunnel has another key than the server knows.</summary>
    public bool HasWrongKey { get; init; }

    /// <summary>What the tunnel may go over, the best first; anything but datagrams only where it is sealed.</summary>
    public IReadOnlyList<TunnelTransport> Transports { get; init; } = [TunnelTransport.Kcp];

    public TunnelSettings Tunnel { get; init; } = TunnelSettings.Default;

    /// <summary>For the sealed dialect.</summary>
    public NativeTunnelSettings NativeTunnel { get; init; } = NativeTunnelSettings.Default;

    /// <summary>Streams that a sealed server takes at once.</summary>
    public int ServerStreams { get; init; } = NativeTunnelSettings.Default.MaximumStreams;

    /// <summary>How long the keys of a sealed tunnel last.</summary>
    public SessionLimits Session { get; init; } = SessionLimits.Default;

    /// <summary>After which the client takes another tunnel; zero: never.</summary>
    public TimeSpan RenewAfter { get; init; }

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    /// <summary>Where connections to the client go.</summary>
    public string Target { get; init; } = "10.0.0.4:80";

    public IReadOnlyList<string> Allowed { get; init; } = ["10.0.0.4/32"];

    /// <summary>Whether the server runs from the start.</summary>
    public bool StartsServer { get; init; } = true;

    public int MaximumWaiting { get; init; } = 10_000;

    /// <summary>Tunnels to the server.</summary>
    public int Connections { get; init; } = 1;

    public int MaximumConnections { get; init; } = int.MaxValue;
}

/// <summary>
/// Application → client node → tunnel over UDP → server node → upstream: four machines, two whole nodes, one thread, virtual time. Everything
/// that happens is chosen by the seed.
/// </summary>
public sealed class SimulatedCluster
{
    private readonly DeterministicDispatcher _dispatcher;
    private readonly ClusterPlan _plan;

    public SimulatedCluster(int seed = 1, ClusterPlan? plan = null)
    {
        _plan = plan ?? new ClusterPlan();
        _dispatcher = new DeterministicDispatcher(seed);
        World = new SimulatedWorld(seed, new DispatcherReadyQueue(_dispatcher));
        ApplicationHost = World.AddHost("application", "10.0.0.1");
        ClientHost = World.AddHost("client", "10.0.0.2");
        ServerHost = World.AddHost("server", "10.0.0.3");
        UpstreamHost = World.AddHost("upstream", "10.0.0.4");
        ApplicationLoop = World.CreateLoop(ApplicationHost, "loop");
        UpstreamLoop = World.CreateLoop(UpstreamHost, "loop");
        if (_plan.StartsServer)
        {
            StartServer();
        }

        Client = StartNode(ClientHost, ClientSettings());
    }

    public SimulatedWorld World { get; }

    public SimulatedHost ApplicationHost { get; }

    public SimulatedHost ClientHost { get; }

    public SimulatedHost ServerHost { get; }

    public SimulatedHost UpstreamHost { get; }

    public SimulatedLoop ApplicationLoop { get; }

    public SimulatedLoop UpstreamLoop { get; }

    public FixedNames Names { get; } = new();

    public SimulatedNode Client { get; }

    /// <summary>The present one: a restart makes another.</summary>
    public SimulatedNode Server { get; private set; } = null!;

    /// <summary>Where applications connect to.</summary>
    public static IPEndPoint Frontend { get; } = IPEndPoint.Parse("10.0.0.2:7000");

    public static IPEndPoint Upstream { get; } = IPEndPoint.Parse("10.0.0.4:80");

    /// <summary>What the server knows the client by.</summary>
    public static PresharedKey Key { get; } = new("alice", Enumerable.Repeat((byte)7, PresharedKey.Bytes).ToArray());

    private static PresharedKey OtherKey { get; } = new("mallory", Enumerable.Repeat((byte)8, PresharedKey.Bytes).ToArray());

    private static SecretBytes ResetSecret { get; } = new(Enumerable.Repeat((byte)9, TunnelIds.SecretBytesLength).ToArray());

    public static IPEndPoint TunnelPort { get; } = IPEndPoint.Parse("10.0.0.3:4000");

    public SimulatedNode StartNode(SimulatedHost host, NodeSettings settings, int loops = 2) =>
        new(World, host, _dispatcher, Names, settings, loops);

    public void StartServer() => Server = StartNode(ServerHost, ServerSettings());

    /// <summary>Power off, and on again after <paramref name="downFor"/>, with a new process on the same port.</summary>
    public void RestartServerHost(TimeSpan downFor)
    {
        ServerHost.Crash();
        World.RunFor(downFor);
        ServerHost.Restart();
        StartServer();
    }

    public ScriptedSocket Connect() => ScriptedSocket.Connect(ApplicationLoop, Frontend);

    /// <summary>A connection that talks with a <see cref="TalkingServer"/>.</summary>
    public Talker StartTalk(Talk talk, int seed) => ApplicationLoop.Run(() =>
    {
        var talker = new Talker(ApplicationLoop, talk, seed);
        ApplicationLoop.Connect(Frontend, Transport.TcpOptions.Default, talker);
        return talker;
    });

    public TalkingServer StartTalkingServer() => UpstreamLoop.Run(() =>
    {
        var server = new TalkingServer(UpstreamLoop);
        return UpstreamLoop.TryListen(Upstream, Transport.TcpOptions.Default, server, out _, out var fault)
            ? server
            : throw new InvalidOperationException(fault.Text);
    });

    /// <summary>A socket of the application, for datagrams to the client.</summary>
    public UdpPeer OpenUdp() => new(ApplicationLoop, 0);

    /// <summary>An upstream that answers each datagram with what <paramref name="answer"/> makes of it.</summary>
    public UdpPeer StartUdpServer(Func<byte[], byte[]?> answer) => new(UpstreamLoop, Upstream.Port) { Answer = answer };

    public ScriptedServer StartScriptedServer() => new(UpstreamLoop, Upstream);

    /// <summary>Runs until it holds, at most that many seconds of virtual time.</summary>
    public void Until(Func<bool> condition, double seconds = 10) => World.RunUntil(condition, TimeSpan.FromSeconds(seconds));

    public void RunFor(double seconds) => World.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>Runs until the client's tunnel is up.</summary>
    public void AwaitTunnel(double seconds = 5) => Until(() => Client.HasLine("tunnel to", "is ready"), seconds);

    /// <summary>Drains client and server and sees to it that nothing is left and nothing was wrong.</summary>
    public void EndWell()
    {
        Client.BeginDrain();
        Until(() => Client.HasStopped, 60);
        Server.BeginDrain();
        Until(() => Server.HasStopped, 60);
        RunFor(5);
        foreach (var node in (SimulatedNode[])[Client, Server])
        {
            node.AssertNoDefects();
            node.Terminate();
            node.AssertNothingLeft();
        }
    }

    /// <summary>What the client was started with.</summary>
    public NodeSettings ClientSettings() => new()
    {
        Name = "client",
        Tunnels =
        [
            new TunnelPoolSettings
            {
                Servers = [new TunnelServer([.. _plan.Transports.Select(transport => new TunnelAddress(transport, Destination.Of(TunnelPort)))])],
                Tunnel = _plan.Tunnel,
                RenewAfter = _plan.RenewAfter,
                Native = _plan.IsSealed
                    ? new NativeClientSettings { Key = _plan.HasWrongKey ? OtherKey : Key, Tunnel = _plan.NativeTunnel, Session = _plan.Session }
                    : null,
                MaximumWaiting = _plan.MaximumWaiting,
                Connections = _plan.Connections,
            },
        ],
        Frontends =
        [
            new FrontendSettings
            {
                Name = "forward",
                Listen = Frontend,
                IsUdp = _plan.IsUdp,
                To = new TunnelTarget("tunnels", Destination.TryParse(_plan.Target, out var target) ? target : throw new InvalidOperationException(_plan.Target)),
                Timeouts = _plan.Timeouts,
                Limits = new AdmissionSettings { MaximumConnections = _plan.MaximumConnections },
            },
        ],
    };

    /// <summary>What the server is started with.</summary>
    public NodeSettings ServerSettings() => new()
    {
        Name = "server",
        Servers =
        [
            new ServerSettings
            {
                Listen = [.. _plan.Transports.Where(transport => transport == TunnelTransport.Kcp).Select(_ => TunnelPort)],
                ListenTcp = [.. _plan.Transports.Where(transport => transport == TunnelTransport.Tcp).Select(_ => TunnelPort)],
                Destinations = new DestinationRules([.. _plan.Allowed.Select(Rule)]),
                Tunnel = _plan.Tunnel,
                Native = _plan.IsSealed
                    ? new NativeServerSettings
                    {
                        Keys = new KeyRing([Key]),
                        ResetSecret = ResetSecret,
                        Tunnel = _plan.NativeTunnel with { MaximumStreams = _plan.ServerStreams },
                        Session = _plan.Session,
                    }
                    : null,
                Timeouts = _plan.Timeouts,
            },
        ],
    };

    private static DestinationRule Rule(string text) =>
        DestinationRule.TryParse(text, out var rule, out var error) ? rule : throw new ArgumentException(error, nameof(text));
}
