using Proxy.Kernel;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

public sealed class LoopDispatcherTests
{
    [Fact]
    public void An_actor_of_a_loop_and_its_children_run_in_turns_of_that_loop()
    {
        var world = new SimulatedWorld(1);
        var host = world.AddHost("host", "10.0.0.1");
        var loop = world.CreateLoop(host, "mine");
        world.CreateLoop(host, "other");
        var system = ActorSystem.Create("test", new ActorSystemSetup { TimeProvider = world.Time, Dispatcher = new CallingThreadDispatcher() });
        var seen = new List<(string Who, bool IsOnLoop)>();
        var child = ScriptedActor.Props((_, _) => seen.Add(("child", loop.IsCurrent)));
        var parent = ScriptedActor.Props((context, message) =>
        {
            seen.Add(("parent", loop.IsCurrent));
            context.ActorOf(child).Tell(message);
        });
        var actor = system.ActorOf(parent.WithDispatcher(new LoopDispatcher(loop, new LeakCheckingPool())));

        actor.Tell("go", null);
        Assert.Empty(seen);
        world.Settle();

        Assert.Equal([("parent", true), ("child", true)], seen);
        _ = system.Terminate();
        world.Settle();
        Assert.True(system.WhenTerminated.IsCompleted);
    }
}
