using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Balancing;
using Proxy.Protocol.Chains;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>A node that is a plain relay, applications, and three hosts that may be targets.</summary>
internal sealed class RelayRig
{
    private readonly DeterministicDispatcher _dispatcher;

    public RelayRig(
        Func<RelayPlan, RelayPlan>? configure = null,
        int seed = 1,
        Action<FixedNames>? names = null,
        AccessLogSettings? accessLog = null,
        Func<NodeSettings, NodeSettings>? configureNode = null)
    {
        _dispatcher = new DeterministicDispatcher(seed);
        World = new SimulatedWorld(seed, new DispatcherReadyQueue(_dispatcher));
        ApplicationLoop = World.CreateLoop(World.AddHost("application", "10.0.0.1"), "loop");
        TargetHosts = [.. Enumerable.Range(4, 3).Select(number => World.AddHost($"target-{number}", $"10.0.0.{number}"))];
        TargetLoops = [.. TargetHosts.Select(host => World.CreateLoop(host, "loop"))];
        var settings = new RelayPlan { Targets = [To("10.0.0.4:80"), To("10.0.0.5:80"), To("10.0.0.6:80")] };
        names?.Invoke(Names);
        var host = World.AddHost("relay", "10.0.0.2");
        var node = (configure?.Invoke(settings) ?? settings).Node with { AccessLog = accessLog };
        Node = new SimulatedNode(World, host, _dispatcher, Names, configureNode?.Invoke(node) ?? node);
    }

    public SimulatedWorld World { get; }

    public SimulatedLoop ApplicationLoop { get; }

    public IReadOnlyList<SimulatedHost> TargetHosts { get; }

    public IReadOnlyList<SimulatedLoop> TargetLoops { get; }

    public FixedNames Names { get; } = new();

    public SimulatedNode Node { get; }

    public static IPEndPoint Frontend { get; } = IPEndPoint.Parse("10.0.0.2:7000");

    public static ServerEntry To(string text) => !Destination.TryParse(text, out var destination)
        ? throw new InvalidOperationException(text)
        : destination.Address is { } address
            ? ServerEntry.ForAddress(new IPEndPoint(address, destination.Port))
            : ServerEntry.ForName(destination.Name!, destination.Port);

    /// <summary>Starts target number 0, 1 or 2.</summary>
    public ScriptedServer StartTarget(int number) => new(TargetLoops[number], new IPEndPoint(TargetHosts[number].Addresses[0], 80));

    public ScriptedSocket Connect() => ScriptedSocket.Connect(ApplicationLoop, Frontend);

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
