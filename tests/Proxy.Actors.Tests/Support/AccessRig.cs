using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Routes;
using Proxy.Protocol;
using Proxy.Protocol.Chains;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>An access server with routes and sets of chains, an application, and a host with hops and servers in the hands of a test.</summary>
internal sealed class AccessRig
{
    private readonly DeterministicDispatcher _dispatcher = new(1);

    public AccessRig(RouteTable routes, string destination, params ChainSetSettings[] chains)
    {
        World = new SimulatedWorld(1, new DispatcherReadyQueue(_dispatcher));
        ApplicationLoop = World.CreateLoop(World.AddHost("application", "10.0.0.1"), "loop");
        FarHost = World.AddHost("far", "10.0.0.4");
        FarLoop = World.CreateLoop(FarHost, "loop");
        var host = World.AddHost("access", "10.0.0.2");
        Node = new SimulatedNode(World, host, _dispatcher, Names, new NodeSettings
        {
            Name = "access",
            ChainSets = chains,
            Frontends =
            [
                new FrontendSettings { Name = "web", Listen = Frontend, To = new RoutedTarget(routes, ServerRig.To(destination).Destination) },
            ],
        });
    }

    public static IPEndPoint Frontend { get; } = IPEndPoint.Parse("10.0.0.2:7000");

    public SimulatedWorld World { get; }

    public SimulatedLoop ApplicationLoop { get; }

    public SimulatedHost FarHost { get; }

    public SimulatedLoop FarLoop { get; }

    public FixedNames Names { get; } = new();

    public SimulatedNode Node { get; }

    public static ChainSettings Chain(string name, params string[] hops) => new()
    {
        Name = name,
        Hops = [.. hops.Select(hop => new ChainHop(ServerRig.To(hop).Destination, null))],
    };

    public ScriptedServer Listen(int port) => new(FarLoop, new IPEndPoint(IPAddress.Parse("10.0.0.4"), port));

    public ScriptedSocket Connect() => ScriptedSocket.Connect(ApplicationLoop, Frontend);

    public void Until(Func<bool> condition, double seconds = 2) => World.RunUntil(condition, TimeSpan.FromSeconds(seconds));

    public void RunFor(double seconds) => World.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>The headers that a hop was sent, all of them, and what is behind.</summary>
    public static (IReadOnlyList<ChainRequest> Requests, byte[] Behind) Read(ScriptedSocket hop)
    {
        var bytes = hop.Received.ToArray();
        var requests = new List<ChainRequest>();
        while (bytes is [1, ..] && ChainRequest.TryRead(bytes, out var consumed, out var request, out _) == ReadStatus.Done)
        {
            requests.Add(request!);
            bytes = bytes[consumed..];
        }

        return (requests, bytes);
    }

    public void EndWell()
    {
        Node.BeginDrain();
        Until(() => Node.HasStopped, 60);
        RunFor(40);
        Node.AssertNoDefects();
        Node.Terminate();
        Node.AssertNothingLeft();
    }
}
