using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Simulation.Tests;
using Proxy.TestKit;
using Proxy.Tunnel;

namespace Proxy.Actors.Tests;

/// <summary>A client node, a bare tunnel as its server, and a host with applications.</summary>
internal sealed class ClientRig
{
    private readonly DeterministicDispatcher _dispatcher = new(1);

    public ClientRig(
        Func<TunnelPoolSettings, TunnelPoolSettings>? configure = null, Func<FrontendSettings, FrontendSettings>? forward = null, TunnelSettings? serverTunnel = null)
    {
        World = new SimulatedWorld(1, new DispatcherReadyQueue(_dispatcher));
        ApplicationLoop = World.CreateLoop(World.AddHost("application", "10.0.0.1"), "loop");
        ServerHost = World.AddHost("server", "10.0.0.3");
        ServerLoop = World.CreateLoop(ServerHost, "loop");
        Server = BareTunnel.Listen(ServerLoop, TunnelPort, serverTunnel);
        var plain = new FrontendSettings { Name = "forward", Listen = Frontend, To = new TunnelTarget("tunnels", Destination.Of(ServerRig.Upstream)) };
        var settings = new TunnelPoolSettings { Servers = [Destination.Of(TunnelPort)] };
        var host = World.AddHost("client", "10.0.0.2");
        Node = new SimulatedNode(World, host, _dispatcher, Names, new NodeSettings
        {
            Name = "client",
            Tunnels = [configure?.Invoke(settings) ?? settings],
            Frontends = [forward?.Invoke(plain) ?? plain],
        });
    }

    public SimulatedWorld World { get; }

    public SimulatedLoop ApplicationLoop { get; }

    public SimulatedHost ServerHost { get; }

    public SimulatedLoop ServerLoop { get; }

    public BareTunnel Server { get; }

    public FixedNames Names { get; } = new();

    public SimulatedNode Node { get; }

    public static IPEndPoint TunnelPort => ServerRig.TunnelPort;

    public static IPEndPoint Frontend { get; } = IPEndPoint.Parse("10.0.0.2:7000");

    public ScriptedSocket Connect() => ScriptedSocket.Connect(ApplicationLoop, Frontend);

    /// <summary>An application and the stream that it became.</summary>
    public (ScriptedSocket Application, StreamEnd Stream) ConnectThrough()
    {
        Until(() => Server.IsReady);
        var before = Server.Opened.Count;
        var application = Connect();
        Until(() => Server.Opened.Count > before);
        return (application, Server.Opened[before]);
    }

    public void Until(Func<bool> condition, double seconds = 2) => World.RunUntil(condition, TimeSpan.FromSeconds(seconds));

    public void RunFor(double seconds) => World.RunFor(TimeSpan.FromSeconds(seconds));

    public void EndWell()
    {
        Node.BeginDrain();
        Until(() => Node.HasStopped, 60);
        RunFor(3);
        Node.AssertNoDefects();
        Node.Terminate();
        Node.AssertNothingLeft();
    }
}
