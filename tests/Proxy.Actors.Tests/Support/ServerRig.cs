using System.Net;
using Proxy.Kernel;
using Proxy.Policy;
using Proxy.Protocol.Chains;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>A server node, a bare tunnel to it, and two hosts that may be upstreams.</summary>
internal sealed class ServerRig
{
    private readonly DeterministicDispatcher _dispatcher;

    public ServerRig(Func<ServerSettings, ServerSettings>? configure = null, int seed = 1)
    {
        _dispatcher = new DeterministicDispatcher(seed);
        World = new SimulatedWorld(seed, new DispatcherReadyQueue(_dispatcher));
        PeerHost = World.AddHost("peer", "10.0.0.2");
        PeerLoop = World.CreateLoop(PeerHost, "loop");
        UpstreamHost = World.AddHost("upstream", "10.0.0.4");
        UpstreamLoop = World.CreateLoop(UpstreamHost, "loop");
        OtherUpstreamHost = World.AddHost("other-upstream", "10.0.0.5");
        var settings = new ServerSettings { Listen = [TunnelPort], Destinations = Rules("10.0.0.4/31:80") };
        var host = World.AddHost("server", "10.0.0.3");
        Node = new SimulatedNode(World, host, _dispatcher, Names, new NodeSettings { Name = "server", Servers = [configure?.Invoke(settings) ?? settings] });
        Tunnel = OpenTunnel();
    }

    public SimulatedWorld World { get; }

    public SimulatedHost PeerHost { get; }

    public SimulatedLoop PeerLoop { get; }

    public SimulatedHost UpstreamHost { get; }

    public SimulatedLoop UpstreamLoop { get; }

    public SimulatedHost OtherUpstreamHost { get; }

    public FixedNames Names { get; } = new();

    public SimulatedNode Node { get; }

    public BareTunnel Tunnel { get; }

    public static IPEndPoint TunnelPort { get; } = IPEndPoint.Parse("10.0.0.3:4000");

    public static IPEndPoint Upstream { get; } = IPEndPoint.Parse("10.0.0.4:80");

    public static DestinationRules Rules(params string[] rules) => new([.. rules.Select(text =>
        DestinationRule.TryParse(text, out var rule, out var error) ? rule : throw new InvalidOperationException(error))]);

    public static ChainRequest To(string destination, ChainCommand command = ChainCommand.Tcp, NextHopKind next = NextHopKind.Destination) =>
        Destination.TryParse(destination, out var parsed) ? new ChainRequest(command, parsed, next) : throw new InvalidOperationException(destination);

    public BareTunnel OpenTunnel()
    {
        var tunnel = BareTunnel.ToServer(PeerLoop, TunnelPort);
        Until(() => tunnel.IsReady, 2);
        return tunnel;
    }

    public ScriptedServer StartUpstream() => new(UpstreamLoop, Upstream);

    public void Until(Func<bool> condition, double seconds = 2) => World.RunUntil(condition, TimeSpan.FromSeconds(seconds));

    public void RunFor(double seconds) => World.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>The answer to a stream that is refused: its response, then its end.</summary>
    public ChainResponse AwaitRefusal(StreamEnd stream, double seconds = 2)
    {
        Until(() => stream.HasSeenEnd, seconds);
        return stream.Response ?? throw new InvalidOperationException("The stream ended without a response.");
    }

    /// <summary>Ends the tunnel and the node, and sees to it that nothing is left and nothing was wrong.</summary>
    public void EndWell()
    {
        Tunnel.Close();
        Node.BeginDrain();
        Until(() => Node.HasStopped, 60);
        RunFor(3);
        Node.AssertNoDefects();
        Node.Terminate();
        Node.AssertNothingLeft();
    }
}
