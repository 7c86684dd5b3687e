namespace Proxy.Kernel.Tests;

public sealed class DeathWatchTests
{
    private static readonly Props Idle = ScriptedActor.Props((_, _) => { });

    [Fact]
    public void A_watcher_gets_Terminated_once_when_the_subject_stops()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var subject = test.ActorOf(Idle);
        probe.Watch(subject);
        probe.Watch(subject);

        test.System.Stop(subject);

        probe.ExpectTerminated(subject);
        probe.ExpectNoMsg();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_several_watchers_those_that_still_watch_get_Terminated_once_each(int leaver)
    {
        using var test = new TestSystem();
        var probes = Enumerable.Range(0, 3).Select(_ => test.Probe()).ToArray();
        var subject = test.ActorOf(Idle);
        foreach (var probe in probes.Concat(probes))
        {
            probe.Watch(subject);
        }

        test.Run();
        probes[leaver].Unwatch(subject);
        probes[2].Watch(subject);
        test.Run();
        test.System.Stop(subject);

        foreach (var probe in probes.Where((_, number) => number != leaver || number == 2))
        {
            probe.ExpectTerminated(subject);
        }

        Array.ForEach(probes, probe => probe.ExpectNoMsg());
    }

    [Fact]
    public void A_watcher_of_an_actor_that_has_stopped_already_gets_Terminated_at_once()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var subject = test.ActorOf(Idle);
        test.System.Stop(subject);
        test.Run();

        probe.Watch(subject);

        probe.ExpectTerminated(subject);
        probe.ExpectNoMsg();
    }

    [Fact]
    public void A_watcher_gets_Terminated_again_for_each_new_watch_of_a_dead_subject()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var subject = test.ActorOf(Idle);
        test.System.Stop(subject);
        test.Run();

        probe.Watch(subject);
        probe.ExpectTerminated(subject);
        probe.Watch(subject);
        probe.ExpectTerminated(subject);
    }

    [Fact]
    public void A_restart_is_not_the_end()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var subject = test.ActorOf(ScriptedActor.Props((_, _) => throw new FormatException()));
        probe.Watch(subject);

        subject.Tell("fail");

        probe.ExpectNoMsg();
    }

    [Fact]
    public void Unwatch_before_the_end_means_no_Terminated()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var subject = test.ActorOf(Idle);
        probe.Watch(subject);
        probe.Unwatch(subject);

        test.System.Stop(subject);

        probe.ExpectNoMsg();
    }

    [Fact]
    public void Unwatch_holds_although_Terminated_waits_in_the_mailbox_already()
    {
        using var test = new TestSystem();
        var handled = new List<object>();
        var subject = test.ActorOf(Idle);
        var watcher = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            handled.Add(message);
            switch (message)
            {
                case "watch":
                    context.Watch(subject);
                    break;
                case "unwatch after the end":
                    context.Unwatch(subject);
                    break;
            }
        }).WithDispatcher(new DeterministicDispatcher(1) { Throughput = 1 }));
        var ofWatcher = DispatcherOf(watcher);
        watcher.Tell("watch");
        ofWatcher.RunUntilIdle(10);
        watcher.Tell("unwatch after the end");
        test.System.Stop(subject);
        test.Run();
        ofWatcher.RunUntilIdle(10);

        Assert.Equal(["watch", "unwatch after the end"], handled);
        StopOn(test, ofWatcher);
    }

    [Fact]
    public void Watching_again_after_Unwatch_tells_the_end_once()
    {
        using var test = new TestSystem();
        var ended = 0;
        var subject = test.ActorOf(Idle);
        var watcher = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            switch (message)
            {
                case "watch":
                    context.Watch(subject);
                    break;
                case "change my mind":
                    context.Unwatch(subject);
                    context.Watch(subject);
                    break;
                case Terminated:
                    ended++;
                    break;
            }
        }).WithDispatcher(new DeterministicDispatcher(1) { Throughput = 1 }));
        var ofWatcher = DispatcherOf(watcher);
        watcher.Tell("watch");
        ofWatcher.RunUntilIdle(10);
        watcher.Tell("change my mind");
        test.System.Stop(subject);
        test.Run();
        ofWatcher.RunUntilIdle(10);

        Assert.Equal(1, ended);
        StopOn(test, ofWatcher);
    }

    [Fact]
    public void A_parent_that_watches_its_child_gets_Terminated_once_and_finds_the_name_free()
    {
        using var test = new TestSystem();
        var reports = new List<IActorRef?>();
        var parent = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            if (message is Terminated)
            {
                reports.Add(context.Child("child"));
            }
            else
            {
                context.Stop(context.Watch(context.ActorOf(Idle, "child")));
            }
        }));

        parent.Tell("create, watch and stop");
        test.Run();

        Assert.Equal([null], reports);
    }

    [Fact]
    public void Who_leaves_Terminated_unhandled_dies_too()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var subject = test.ActorOf(Idle);
        var partner = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => context.Watch(subject),
        }));
        probe.Watch(partner);
        test.Run();

        EventFilter.Exception<DeathPactException>(test.System).ExpectOne(() => test.System.Stop(subject));

        probe.ExpectTerminated(partner);
    }

    [Fact]
    public void Messages_told_before_the_end_come_before_Terminated()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var subject = test.ActorOf(ScriptedActor.Props(new Script { PostStop = _ => probe.Ref.Tell("last words") }));
        probe.Watch(subject);
        test.System.Stop(subject);

        probe.ExpectMsg("last words");
        probe.ExpectTerminated(subject);
    }

    [Fact]
    public void Watching_oneself_or_stopping_a_watcher_leaves_nothing_behind()
    {
        using var test = new TestSystem();
        var subject = test.ActorOf(Idle);
        var watcher = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context =>
            {
                context.Watch(context.Self);
                context.Watch(subject);
            },
        }));
        test.Run();
        test.System.Stop(watcher);
        test.Run();

        test.System.Stop(subject);
        test.Run();

        Assert.Equal(0, test.System.DeadLetterCount);
    }

    private static DeterministicDispatcher DispatcherOf(IActorRef actor) =>
        (DeterministicDispatcher)((LocalActorRef)actor).Cell.Dispatcher;

    private static void StopOn(TestSystem test, DeterministicDispatcher other)
    {
        _ = test.System.Terminate();
        while (test.Dispatcher.RunOne() || other.RunOne())
        {
            Assert.True(other.Turns < 1000);
        }
    }
}
