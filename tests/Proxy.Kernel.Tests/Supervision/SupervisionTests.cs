using Proxy.Kernel.Event;

namespace Proxy.Kernel.Tests;

public sealed class SupervisionTests
{
    private readonly List<string> _events = [];

    [Fact]
    public void A_restart_replaces_the_instance_keeps_the_mailbox_and_drops_the_failing_message()
    {
        using var test = new TestSystem();
        var child = Child(test, _ => Directive.Restart);

        child.Tell("before");
        child.Tell(new FormatException());
        child.Tell("after");
        test.Run();

        Assert.Equal(
            ["new 1", "starts", "1 handles before", "restarts", "stops", "new 2", "restarted", "starts", "2 handles after"],
            _events);
    }

    [Fact]
    public void A_resume_keeps_the_instance_and_drops_the_failing_message()
    {
        using var test = new TestSystem();
        var child = Child(test, _ => Directive.Resume);

        child.Tell("before");
        child.Tell(new FormatException());
        child.Tell("after");
        test.Run();

        Assert.Equal(["new 1", "starts", "1 handles before", "1 handles after"], _events);
    }

    [Fact]
    public void A_stop_ends_the_child_and_what_waits_goes_to_dead_letters()
    {
        using var test = new TestSystem();
        var child = Child(test, _ => Directive.Stop);

        child.Tell(new FormatException());
        child.Tell("after");
        test.Run();

        Assert.Equal(["new 1", "starts", "stops"], _events);
        Assert.Equal(1, test.System.DeadLetterCount);
    }

    [Fact]
    public void An_escalated_failure_is_decided_one_level_up_and_restarts_the_parent()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        IActorRef child = null!;
        var parent = test.ActorOf(ScriptedActor.Props(new Script
        {
            Constructed = context => child = context.ActorOf(Recording()),
            Strategy = new OneForOneStrategy(_ => Directive.Escalate),
            PreRestart = (_, reason, _) => _events.Add($"parent restarts after {reason.GetType().Name}"),
        }));
        probe.Watch(parent);
        test.Run();
        probe.Watch(child);
        _events.Clear();

        child.Tell(new FormatException());
        probe.ExpectTerminated(child);
        probe.ExpectNoMsg();

        Assert.Equal(["parent restarts after FormatException", "stops", "new 1", "starts"], _events);
    }

    [Fact]
    public void A_failure_that_nobody_handles_up_to_the_guardian_ends_the_system()
    {
        using var test = new TestSystem(configure: setup => setup with
        {
            UserGuardianStrategy = new OneForOneStrategy(_ => Directive.Escalate),
        });
        var actor = test.ActorOf(Recording());

        EventFilter.For<Error>(test.System, error => error.Text.StartsWith("Nobody handled", StringComparison.Ordinal))
            .ExpectOne(() => actor.Tell(new FormatException()));
        test.Run();

        Assert.True(test.System.WhenTerminated.IsCompleted);
    }

    [Fact]
    public void Parent_and_other_children_go_on_after_an_escalated_failure_that_is_resumed()
    {
        using var test = new TestSystem(configure: setup => setup with
        {
            UserGuardianStrategy = new OneForOneStrategy(_ => Directive.Resume),
        });
        var probe = test.Probe();
        IActorRef failing = null!;
        IActorRef sibling = null!;
        var parent = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context =>
            {
                failing = context.ActorOf(Recording());
                sibling = context.ActorOf(Recording());
            },
            Strategy = new OneForOneStrategy(_ => Directive.Escalate),
            Handle = (_, message) =>
            {
                probe.Ref.Tell(message);
                return true;
            },
        }));
        test.Run();
        _events.Clear();

        failing.Tell(new FormatException());
        test.Run();
        failing.Tell("alive");
        sibling.Tell("alive");
        parent.Tell("alive");
        probe.ExpectMsg("alive");
        test.Run();

        Assert.Equal(2, _events.Count(line => line.EndsWith("handles alive", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_failed_actor_and_its_children_handle_only_system_messages_until_the_supervisor_has_decided()
    {
        var ofParent = new DeterministicDispatcher(1);
        using var test = new TestSystem();
        IActorRef child = null!;
        IActorRef grandchild = null!;
        var parent = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = parentContext => child = parentContext.ActorOf(ScriptedActor.Props(new Script
            {
                PreStart = context => grandchild = context.ActorOf(Recording()),
                Handle = (_, message) => message is Exception failure ? throw failure : Handled($"child handles {message}"),
            }).WithDispatcher(test.Dispatcher)),
            Strategy = new OneForOneStrategy(_ => Directive.Resume),
        }).WithDispatcher(ofParent));
        Settle(test, ofParent);
        _events.Clear();

        child.Tell(new FormatException());
        test.Run();
        child.Tell("held back");
        grandchild.Tell("held back");
        test.Run();
        Assert.Empty(_events);

        var probe = test.Probe();
        probe.Watch(grandchild);
        test.System.Stop(grandchild);
        probe.ExpectTerminated(grandchild);
        Assert.Equal(["stops"], _events);

        Settle(test, ofParent);
        Assert.Equal(["stops", "child handles held back"], _events);
        test.System.Stop(parent);
        Settle(test, ofParent);
    }

    [Fact]
    public void More_restarts_than_allowed_within_the_window_stop_the_child()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var child = Child(test, new OneForOneStrategy(2, TimeSpan.FromSeconds(10), _ => Directive.Restart));
        probe.Watch(child);

        Fail(test, child, times: 2);
        probe.ExpectNoMsg();
        Fail(test, child, times: 1);

        probe.ExpectTerminated(child);
    }

    [Fact]
    public void Restarts_that_are_further_apart_than_the_window_are_allowed_for_ever()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var child = Child(test, new OneForOneStrategy(2, TimeSpan.FromSeconds(10), _ => Directive.Restart));
        probe.Watch(child);

        for (var round = 0; round < 10; round++)
        {
            Fail(test, child, times: 2);
            test.Advance(TimeSpan.FromSeconds(11));
        }

        probe.ExpectNoMsg();
        Assert.Equal(21, _events.Count(line => line.StartsWith("new", StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_a_window_the_restarts_are_counted_for_ever()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var child = Child(test, new OneForOneStrategy(1, Timeout.InfiniteTimeSpan, _ => Directive.Restart));
        probe.Watch(child);

        Fail(test, child, times: 1);
        test.Advance(TimeSpan.FromDays(1));
        Fail(test, child, times: 1);

        probe.ExpectTerminated(child);
    }

    [Fact]
    public void All_for_one_restarts_the_siblings_too()
    {
        using var test = new TestSystem();
        var children = Children(test, new AllForOneStrategy(_ => Directive.Restart), "a", "b");
        _events.Clear();

        children[0].Tell(new FormatException());
        test.Run();
        Assert.Equal(2, _events.Count(line => line == "restarted"));

        _events.Clear();
        children[0].Tell("alive");
        children[1].Tell("alive");
        test.Run();
        Assert.Equal(2, _events.Count(line => line.EndsWith("handles alive", StringComparison.Ordinal)));
    }

    [Fact]
    public void All_for_one_stops_the_siblings_too()
    {
        using var test = new TestSystem();
        var children = Children(test, new AllForOneStrategy(_ => Directive.Stop), "a", "b", "c");
        _events.Clear();

        children[1].Tell(new FormatException());
        test.Run();

        Assert.Equal(["stops", "stops", "stops"], _events);
    }

    [Fact]
    public void One_for_one_leaves_the_siblings_alone()
    {
        using var test = new TestSystem();
        var children = Children(test, new OneForOneStrategy(_ => Directive.Stop), "a", "b", "c");
        _events.Clear();

        children[1].Tell(new FormatException());
        test.Run();

        Assert.Equal(["stops"], _events);
    }

    [Fact]
    public void A_constructor_that_throws_stops_the_actor_by_default()
    {
        using var test = new TestSystem();
        var probe = test.Probe();

        EventFilter.Exception<ActorInitializationException>(test.System).ExpectOne(
            () => probe.Watch(test.ActorOf(ScriptedActor.Props(new Script { Constructed = _ => throw new FormatException() }))));

        probe.ExpectMsg<Terminated>();
    }

    [Fact]
    public void A_constructor_that_throws_once_is_repaired_by_a_restart()
    {
        using var test = new TestSystem();
        var attempts = 0;
        IActorRef child = null!;
        test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => child = context.ActorOf(ScriptedActor.Props(new Script
            {
                Constructed = _ => FailIf(++attempts == 1),
                Handle = (_, message) => Handled($"handles {message}"),
            })),
            Strategy = new OneForOneStrategy(_ => Directive.Restart),
        }));
        test.Run();

        child.Tell("alive");
        test.Run();

        Assert.Equal(["handles alive"], _events);
        Assert.Equal(2, attempts);
    }

    [Fact]
    public void A_restart_waits_for_the_children_that_PreRestart_stops_and_they_are_made_anew()
    {
        var ofChild = new DeterministicDispatcher(1);
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props(new Script
        {
            Constructed = context => context.ActorOf(Recording().WithDispatcher(ofChild), "child"),
            Handle = (_, message) => message is Exception failure ? throw failure : Handled("parent is back"),
        }));
        Settle(test, ofChild);
        actor.Tell(new FormatException());
        actor.Tell("hello");
        test.Run();
        Assert.DoesNotContain("parent is back", _events);

        Settle(test, ofChild);
        Assert.Contains("parent is back", _events);
        Assert.Equal(2, _events.Count(line => line.StartsWith("new", StringComparison.Ordinal)));
        test.System.Stop(actor);
        Settle(test, ofChild);
    }

    [Fact]
    public void Children_that_PreRestart_keeps_are_restarted_with_their_parent()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context =>
            {
                if (context.RestartCount == 0)
                {
                    context.ActorOf(Recording());
                }
            },
            KeepsChildrenAtRestart = true,
            Handle = (_, message) => throw (Exception)message,
        }));
        test.Run();
        _events.Clear();

        actor.Tell(new FormatException());
        test.Run();

        Assert.Equal(["restarts", "stops", "new 2", "restarted", "starts"], _events);
    }

    [Fact]
    public void A_failure_in_PostRestart_is_decided_by_the_supervisor_again()
    {
        using var test = new TestSystem();
        var causes = new List<Exception>();
        var attempts = 0;
        IActorRef child = null!;
        test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => child = context.ActorOf(ScriptedActor.Props(new Script
            {
                Handle = (_, message) => message is Exception failure ? throw failure : Handled("alive"),
                PostRestart = (_, _) => FailIf(++attempts < 3),
            })),
            Strategy = new OneForOneStrategy(cause =>
            {
                causes.Add(cause);
                return Directive.Restart;
            }),
        }));
        test.Run();

        child.Tell(new FormatException());
        child.Tell("hello");
        test.Run();

        Assert.Equal([typeof(FormatException), typeof(PostRestartException), typeof(PostRestartException)], causes.Select(cause => cause.GetType()));
        Assert.Equal(["alive"], _events);
    }

    [Fact]
    public void PreRestart_is_told_the_cause_and_the_message_in_hand()
    {
        using var test = new TestSystem();
        (Exception Reason, object? Message)? told = null;
        var actor = test.ActorOf(ScriptedActor.Props(new Script
        {
            Handle = (_, message) => throw (Exception)message,
            PreRestart = (_, reason, message) => told = (reason, message),
        }));
        var cause = new FormatException();

        actor.Tell(cause);
        test.Run();

        Assert.Equal((cause, (object)cause), told);
    }

    [Fact]
    public void The_strategy_of_the_props_goes_before_the_actors_own()
    {
        using var test = new TestSystem();
        IActorRef child = null!;
        test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => child = context.ActorOf(Recording()),
            Strategy = new OneForOneStrategy(_ => Directive.Restart),
        }).WithSupervisorStrategy(SupervisorStrategy.StoppingStrategy));
        test.Run();
        _events.Clear();

        child.Tell(new FormatException());
        test.Run();

        Assert.Equal(["stops"], _events);
    }

    [Fact]
    public void A_decider_that_throws_escalates()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        IActorRef child = null!;
        var parent = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => child = context.ActorOf(Recording()),
            Strategy = new OneForOneStrategy(_ => throw new NotSupportedException()),
            PreRestart = (_, reason, _) => probe.Ref.Tell(reason),
        }));
        test.Run();

        child.Tell(new FormatException());

        probe.ExpectMsg<FormatException>();
        Assert.NotNull(parent);
    }

    private static void FailIf(bool fails)
    {
        if (fails)
        {
            throw new FormatException();
        }
    }

    private static void Fail(TestSystem test, IActorRef actor, int times)
    {
        for (var time = 0; time < times; time++)
        {
            actor.Tell(new FormatException());
            test.Run();
        }
    }

    private static void Settle(TestSystem test, DeterministicDispatcher other)
    {
        while (test.Dispatcher.RunOne() || other.RunOne())
        {
            Assert.True(other.Turns < 1000, "The system does not come to rest.");
        }
    }

    private IActorRef Child(TestSystem test, Func<Exception, Directive> decide) => Child(test, new OneForOneStrategy(decide));

    private IActorRef Child(TestSystem test, SupervisorStrategy strategy) => Children(test, strategy, "child")[0];

    private IActorRef[] Children(TestSystem test, SupervisorStrategy strategy, params string[] names)
    {
        var children = new List<IActorRef>();
        test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => children.AddRange(names.Select(name => context.ActorOf(Recording(), name))),
            Strategy = strategy,
        }));
        test.Run();
        return [.. children];
    }

    private Props Recording()
    {
        var instances = 0;
        return ScriptedActor.Props(new Script
        {
            Constructed = _ => _events.Add($"new {++instances}"),
            PreStart = _ => _events.Add("starts"),
            Handle = (_, message) => message is Exception failure ? throw failure : Handled($"{instances} handles {message}"),
            PreRestart = (_, _, _) => _events.Add("restarts"),
            PostRestart = (_, _) => _events.Add("restarted"),
            PostStop = _ => _events.Add("stops"),
        });
    }

    private bool Handled(string line)
    {
        _events.Add(line);
        return true;
    }
}
