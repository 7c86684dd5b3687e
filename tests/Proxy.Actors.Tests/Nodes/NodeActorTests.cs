using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>A node as a whole: start, status, drain, and parts that fail.</summary>
public sealed class NodeActorTests
{
    [Fact]
    public void A_node_with_nothing_to_listen_on_runs()
    {
        var world = new SimulatedWorld(1);
        var node = Start(world, new NodeSettings { Name = "idle" });

        node.Send(GetStatus.Instance);

        Assert.Empty(node.Probe.ExpectMsg<ComponentStatus>().Frontends);
        node.Send(NodeActor.Drain.Instance);
        node.Probe.ExpectTerminated(node.Actor);
    }

    [Fact]
    public void The_urls_are_told_in_the_order_of_the_settings()
    {
        var world = new SimulatedWorld(1);
        var node = Start(world, new NodeSettings
        {
            Name = "all",
            Servers = [new ServerSettings { Listen = [IPEndPoint.Parse("10.0.0.2:4000"), IPEndPoint.Parse("10.0.0.2:4001")] }],
            Frontends = [new RelayPlan().Frontend],
            Upstreams = [new RelayPlan().Upstream],
        });

        Assert.Equal(["kcp://10.0.0.2:4000", "kcp://10.0.0.2:4001", "tcp://10.0.0.2:7000"], node.Urls);
        node.Send(NodeActor.Drain.Instance);
        node.Probe.ExpectTerminated(node.Actor);
    }

    [Fact]
    public void A_second_drain_changes_nothing()
    {
        var rig = new RelayRig();
        rig.StartTarget(0);
        var application = rig.Connect();
        rig.RunFor(0.1);

        rig.Node.BeginDrain();
        rig.Node.BeginDrain();
        rig.RunFor(1);
        Assert.False(rig.Node.HasStopped);
        Assert.Null(application.Fault);

        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_listener_that_failed_listens_again()
    {
        var world = new SimulatedWorld(1);
        var node = Start(world, FailsOnAccept);

        EventFilter.Warning(node.System, "tcp://10.0.0.2:7000: listening again").ExpectOne(() => MakeListenerFail(world));

        node.Send(GetStatus.Instance);
        Assert.Equal("listening", Assert.Single(node.Probe.ExpectMsg<ComponentStatus>().Frontends).State);
        node.Send(NodeActor.Drain.Instance);
        node.Probe.ExpectTerminated(node.Actor);
    }

    [Fact]
    public void A_listener_that_cannot_listen_again_is_an_error_and_does_not_hang_the_drain()
    {
        var world = new SimulatedWorld(1);
        var node = Start(world, FailsOnAccept);
        node.Loop.RefusesToListen = true;

        EventFilter.For<Error>(node.System, error => error.Text.Contains("nobody asked for", StringComparison.Ordinal))
            .ExpectOne(() => MakeListenerFail(world));

        node.Send(GetStatus.Instance);
        Assert.Empty(node.Probe.ExpectMsg<ComponentStatus>().Frontends);
        node.Send(NodeActor.Drain.Instance);
        node.Probe.ExpectTerminated(node.Actor);
    }

    /// <summary>A relay for <see cref="ListenRefusingLoop.AcceptsBadly"/>: it fails when it asks who has come.</summary>
    private static NodeSettings FailsOnAccept => new()
    {
        Name = "relay",
        Frontends = [new RelayPlan().Frontend],
        Upstreams = [new RelayPlan().Upstream],
    };

    private static void MakeListenerFail(SimulatedWorld world)
    {
        ScriptedSocket.Connect(world.CreateLoop(world.AddHost("application", "10.0.0.1"), "loop"), RelayRig.Frontend);
        world.RunFor(TimeSpan.FromSeconds(1));
    }

    private static Running Start(SimulatedWorld world, NodeSettings settings)
    {
        var system = ActorSystem.Create(settings.Name, new ActorSystemSetup { TimeProvider = world.Time, Dispatcher = new CallingThreadDispatcher() });
        var loop = new ListenRefusingLoop(world.CreateLoop(world.AddHost(settings.Name, "10.0.0.2"), "loop")) { AcceptsBadly = true };
        var environment = new NodeEnvironment([loop], new FixedNames(), () => new LeakCheckingPool(), new SeededSecrets(1));
        var probe = new TestProbe(system);
        var actor = system.ActorOf(Props.Create(() => new NodeActor(environment, settings)), "node");
        probe.Watch(actor);
        probe.Send(actor, NodeActor.Start.Instance);
        world.Settle();
        return new Running(world, loop, system, actor, probe, probe.ExpectMsg<NodeActor.Started>().Urls);
    }

    private sealed record Running(
        SimulatedWorld World, ListenRefusingLoop Loop, ActorSystem System, IActorRef Actor, TestProbe Probe, IReadOnlyList<string> Urls)
    {
        public void Send(object message)
        {
            Probe.Send(Actor, message);
            World.Settle();
        }
    }
}
