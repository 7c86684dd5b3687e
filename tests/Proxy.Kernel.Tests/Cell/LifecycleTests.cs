namespace Proxy.Kernel.Tests;

/// <summary>Starting and stopping: hooks, children, names.</summary>
public sealed class LifecycleTests
{
    private readonly List<string> _events = [];

    [Fact]
    public void PreStart_comes_before_the_first_message_and_PostStop_after_the_last()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(Recording("a"), "a");
        actor.Tell("message");
        actor.Tell(PoisonPill.Instance);
        test.Run();

        Assert.Equal(["a starts", "a handles message", "a stopped"], _events);
    }

    [Fact]
    public void A_poison_pill_stops_the_actor_after_what_was_told_before_it()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(Recording("a"), "a");
        actor.Tell(1);
        actor.Tell(PoisonPill.Instance);
        actor.Tell(2);
        test.Run();

        Assert.Equal(["a starts", "a handles 1", "a stopped"], _events);
        Assert.Equal(1, test.System.DeadLetterCount);
    }

    [Fact]
    public void An_actor_has_stopped_only_when_all_its_children_have()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var parent = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context =>
            {
                context.ActorOf(Recording("first"), "first");
                context.ActorOf(Recording("second"), "second");
            },
            PostStop = _ => _events.Add("parent stopped"),
        }));
        probe.Watch(parent);
        test.Run();
        _events.Clear();

        test.System.Stop(parent);
        probe.ExpectTerminated(parent);

        Assert.Equal(3, _events.Count);
        Assert.Equal("parent stopped", _events[2]);
    }

    [Fact]
    public void An_actor_that_waits_for_its_children_handles_no_message_any_more()
    {
        var slow = new DeterministicDispatcher(1);
        using var test = new TestSystem();
        var parent = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => context.ActorOf(Recording("child").WithDispatcher(slow)),
            Handle = (_, message) =>
            {
                _events.Add($"parent handles {message}");
                return true;
            },
            PostStop = _ => _events.Add("parent stopped"),
        }));
        test.Run();

        test.System.Stop(parent);
        parent.Tell("too late");
        test.Run();
        Assert.Empty(_events);

        slow.RunUntilIdle(10);
        test.Run();
        Assert.Equal(["child starts", "child stopped", "parent stopped"], _events);
        Assert.Equal(1, test.System.DeadLetterCount);
    }

    [Fact]
    public void A_child_is_known_by_name_until_it_has_stopped()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var parent = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            switch (message)
            {
                case "create":
                    probe.Ref.Tell(context.ActorOf(Recording("child"), "child"));
                    break;
                case "stop":
                    context.Stop(context.Child("child")!);
                    break;
                case "look":
                    probe.Ref.Tell((context.Child("child"), context.Children.Count));
                    break;
            }
        }));

        parent.Tell("create");
        var child = probe.ExpectMsg<IActorRef>();
        parent.Tell("look");
        probe.ExpectMsg((child, 1));
        parent.Tell("stop");
        test.Run();
        parent.Tell("look");
        probe.ExpectMsg(((IActorRef?)null, 0));
    }

    [Fact]
    public void A_name_is_taken_by_a_living_child_and_free_after_it_has_stopped()
    {
        using var test = new TestSystem();
        var first = test.ActorOf(Recording("first"), "name");
        Assert.Throws<InvalidActorNameException>(() => test.ActorOf(Recording("second"), "name"));

        test.System.Stop(first);
        test.Run();
        var second = test.ActorOf(Recording("third"), "name");

        Assert.NotSame(first, second);
        Assert.Equal(first.Path, second.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("$a")]
    public void A_name_that_could_be_mistaken_is_refused(string name)
    {
        using var test = new TestSystem();

        Assert.Throws<InvalidActorNameException>(() => test.ActorOf(Recording("a"), name));
    }

    [Fact]
    public void Children_without_a_name_get_different_ones()
    {
        using var test = new TestSystem();
        var names = Enumerable.Range(0, 100).Select(_ => test.ActorOf(Recording("a")).Path.Name).ToHashSet(StringComparer.Ordinal);

        Assert.Equal(100, names.Count);
        Assert.All(names, name => Assert.StartsWith("$", name, StringComparison.Ordinal));
    }

    [Fact]
    public void A_stopping_actor_can_have_no_new_children()
    {
        using var test = new TestSystem();
        Exception? refused = null;
        var actor = test.ActorOf(ScriptedActor.Props(new Script
        {
            PostStop = context => refused = Record.Exception(() => context.ActorOf(Recording("late"))),
        }));
        test.System.Stop(actor);
        test.Run();

        Assert.IsType<InvalidOperationException>(refused);
    }

    [Fact]
    public void Kill_fails_the_actor_which_by_default_stops_it()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(Recording("a"));
        probe.Watch(actor);

        EventFilter.Exception<ActorKilledException>(test.System).ExpectOne(() => actor.Tell(Kill.Instance));

        probe.ExpectTerminated(actor);
    }

    [Fact]
    public void An_exception_in_PostStop_is_logged_and_the_actor_stops_all_the_same()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(ScriptedActor.Props(new Script { PostStop = _ => throw new FormatException() }));
        probe.Watch(actor);

        EventFilter.Exception<FormatException>(test.System).ExpectOne(() => test.System.Stop(actor));

        probe.ExpectTerminated(actor);
    }

    [Fact]
    public void An_actor_cannot_be_made_outside_of_its_Props()
    {
        Assert.Throws<ActorInitializationException>(() => new Bare());
    }

    [Fact]
    public void A_factory_that_returns_an_actor_made_before_fails_the_start()
    {
        using var test = new TestSystem();
        Bare? made = null;
        var props = Props.Create(() => made ??= new Bare());
        test.ActorOf(props);
        test.Run();

        EventFilter.Exception<ActorInitializationException>(test.System).ExpectOne(() => test.ActorOf(props));
    }

    [Fact]
    public void The_whole_system_has_terminated_when_its_last_actor_has_stopped_and_system_actors_outlive_the_others()
    {
        using var test = new TestSystem();
        test.System.SystemActorOf(Recording("of the system"));
        test.ActorOf(Recording("of the program"));
        test.Run();
        _events.Clear();

        var terminated = test.System.Terminate();
        Assert.False(terminated.IsCompleted);
        test.Run();

        Assert.True(terminated.IsCompletedSuccessfully);
        Assert.Equal(["of the program stopped", "of the system stopped"], _events);
    }

    [Fact]
    public void Context_names_parent_self_and_props()
    {
        using var test = new TestSystem();
        IActorRef? parentOfChild = null;
        IActorRef? selfOfChild = null;
        var props = ScriptedActor.Props(new Script
        {
            PreStart = context => (parentOfChild, selfOfChild) = (context.Parent, context.Self),
        });
        IActorRef? child = null;
        var parent = test.ActorOf(ScriptedActor.Props(new Script { PreStart = context => child = context.ActorOf(props, "child") }), "parent");
        test.Run();

        Assert.Same(parent, parentOfChild);
        Assert.Same(child, selfOfChild);
        Assert.Equal("actor://test/user/parent/child", child!.Path.ToString());
    }

    private Props Recording(string name) => ScriptedActor.Props(new Script
    {
        PreStart = _ => _events.Add($"{name} starts"),
        Handle = (_, message) =>
        {
            _events.Add($"{name} handles {message}");
            return true;
        },
        PostStop = _ => _events.Add($"{name} stopped"),
    });

    private sealed class Bare : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
