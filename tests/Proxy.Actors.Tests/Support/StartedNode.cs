using Proxy.Kernel;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>A node whose start is what the test is about.</summary>
internal static class StartedNode
{
    /// <summary>Why the node could not start; it has stopped then.</summary>
    public static string FailureOf(SimulatedWorld world, SimulatedHost host, NodeSettings settings)
    {
        var system = ActorSystem.Create(settings.Name, new ActorSystemSetup { TimeProvider = world.Time, Dispatcher = new CallingThreadDispatcher() });
        var loop = world.CreateLoop(host, "starting");
        var probe = new TestProbe(system);
        var environment = new NodeEnvironment([loop], new FixedNames(), () => new LeakCheckingPool(), new SeededSecrets(1));
        var node = system.ActorOf(Props.Create(() => new NodeActor(environment, settings)));
        probe.Watch(node);
        probe.Send(node, NodeActor.Start.Instance);
        world.Settle();
        var failure = probe.ExpectMsg<NodeActor.StartFailed>(timeout: TimeSpan.Zero).Text;
        probe.ExpectTerminated(node, TimeSpan.Zero);
        return failure;
    }
}
