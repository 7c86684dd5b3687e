using Proxy.Kernel.Event;

namespace Proxy.Kernel.Tests;

/// <summary>The test kit itself: what it expects must be able to fail.</summary>
public sealed class TestProbeTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void ExpectMsg_takes_the_next_message_and_fails_for_another_type_value_or_none()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        probe.Ref.Tell("text");
        probe.Ref.Tell("text");
        probe.Ref.Tell(5);

        Assert.Equal("text", probe.ExpectMsg<string>());
        Assert.Throws<ExpectationException>(() => probe.ExpectMsg<int>());
        Assert.Throws<ExpectationException>(() => probe.ExpectMsg(6));
        Assert.Throws<ExpectationException>(() => probe.ExpectMsg<string>());
    }

    [Fact]
    public void ExpectMsg_fails_for_a_message_that_does_not_fit()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        probe.Ref.Tell(5);

        Assert.Throws<ExpectationException>(() => probe.ExpectMsg<int>(number => number > 5));
    }

    [Fact]
    public void ExpectNoMsg_fails_for_a_message_that_is_still_on_its_way()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(ScriptedActor.Props((_, message) => probe.Ref.Tell(message)));
        probe.ExpectNoMsg();

        actor.Tell("on its way");

        Assert.Throws<ExpectationException>(() => probe.ExpectNoMsg());
    }

    [Fact]
    public void On_real_threads_an_expectation_waits_for_the_message()
    {
        var system = ActorSystem.Create("probe");
        var probe = new TestProbe(system);
        var actor = system.ActorOf(ScriptedActor.Props((context, message) => context.Sender.Tell(message)));

        probe.Send(actor, "echo");

        probe.ExpectMsg("echo");
        probe.ExpectNoMsg(Moment);
        Assert.Same(actor, probe.LastSender);
    }

    [Fact]
    public void FishForMessage_passes_over_what_does_not_fit()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        probe.Ref.Tell("noise");
        probe.Ref.Tell(1);
        probe.Ref.Tell(2);

        Assert.Equal(2, probe.FishForMessage<int>(number => number > 1));
        Assert.Throws<ExpectationException>(() => probe.FishForMessage<int>());
    }

    [Fact]
    public void ExpectTerminated_fails_for_the_end_of_another()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var first = test.ActorOf(ScriptedActor.Props((_, _) => { }));
        var second = test.ActorOf(ScriptedActor.Props((_, _) => { }));
        probe.Watch(first);
        test.System.Stop(first);

        Assert.Throws<ExpectationException>(() => probe.ExpectTerminated(second));
    }

    [Fact]
    public void Within_measures_on_the_systems_clock()
    {
        using var test = new TestSystem();
        var probe = test.Probe();

        Assert.Equal(1, probe.Within(TimeSpan.FromSeconds(1), () => 1));
        Assert.Throws<ExpectationException>(() => probe.Within(TimeSpan.FromSeconds(1), () => test.Advance(TimeSpan.FromSeconds(2))));
    }

    [Fact]
    public void Within_bounds_the_expectations_inside_it_on_real_threads()
    {
        var system = ActorSystem.Create("within");
        var probe = new TestProbe(system);

        Assert.Throws<ExpectationException>(() => probe.Within(Moment, () => probe.ExpectMsg<string>()));
    }

    [Fact]
    public void AwaitAssert_passes_as_soon_as_the_assertion_holds_and_fails_with_its_last_words()
    {
        using var test = new TestSystem();
        var handled = 0;
        var actor = test.ActorOf(ScriptedActor.Props((context, _) =>
        {
            if (++handled < 5)
            {
                context.Self.Tell("again");
            }
        }));
        actor.Tell("first");

        test.AwaitAssert(() => Assert.Equal(5, handled));

        var failure = Assert.Throws<ExpectationException>(() => test.AwaitAssert(() => throw new FormatException("last words")));
        Assert.Contains("last words", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AwaitAssert_waits_on_real_threads()
    {
        var system = ActorSystem.Create("await");
        var handled = 0;
        system.ActorOf(ScriptedActor.Props((_, _) => Volatile.Write(ref handled, 1))).Tell("message");

        Await.Assert(system, () => Assert.Equal(1, Volatile.Read(ref handled)));
        Assert.Throws<ExpectationException>(() => Await.Assert(system, () => Assert.Equal(2, Volatile.Read(ref handled)), Moment));
    }

    [Fact]
    public void An_event_filter_fails_for_too_few_and_for_too_many()
    {
        using var test = new TestSystem();
        var filter = EventFilter.Warning(test.System, "careful");
        void Warn() => test.System.EventStream.Publish(new Warning("here", "be careful"));

        filter.ExpectOne(Warn);
        Assert.Throws<ExpectationException>(() => filter.Expect(2, Warn));
        Assert.Throws<ExpectationException>(() => filter.Expect(0, Warn));
        filter.Expect(0, () => test.System.EventStream.Publish(new Warning("here", "other")));
    }

    [Fact]
    public void A_test_system_fails_a_test_whose_actors_never_come_to_rest()
    {
        var test = new TestSystem();
        test.ActorOf(ScriptedActor.Props((context, _) => context.Self.Tell("again"))).Tell("first");

        Assert.Throws<ExpectationException>(test.Run);
    }

    [Fact]
    public void Advance_runs_what_each_timer_sets_off_before_the_clock_moves_on()
    {
        using var test = new TestSystem();
        var moments = new List<TimeSpan>();
        test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => context.Timers.StartSingleTimer("key", 1, TimeSpan.FromSeconds(1)),
            Handle = (context, message) =>
            {
                moments.Add(test.Time.Elapsed);
                context.Timers.StartSingleTimer("key", 1, TimeSpan.FromSeconds(1));
                return true;
            },
        }));

        test.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)], moments);
    }
}
