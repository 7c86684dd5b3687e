namespace Proxy.Kernel.Tests;

public sealed class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_single_timer_is_delivered_once_at_its_time()
    {
        using var test = new TestSystem();
        var (probe, _) = Timed(test, timers => timers.StartSingleTimer("key", "tick", Second));

        test.Advance(Second - TimeSpan.FromTicks(1));
        probe.ExpectNoMsg();
        test.Advance(TimeSpan.FromTicks(1));
        probe.ExpectMsg("tick");
        test.Advance(10 * Second);
        probe.ExpectNoMsg();
    }

    [Fact]
    public void A_periodic_timer_is_delivered_after_its_first_delay_and_then_each_interval()
    {
        using var test = new TestSystem();
        var (probe, _) = Timed(test, timers => timers.StartPeriodicTimer("key", "tick", TimeSpan.Zero, Second));

        test.Run();
        test.Advance(3 * Second);

        probe.ExpectMsgs("tick", "tick", "tick", "tick");
        probe.ExpectNoMsg();
    }

    [Fact]
    public void Starting_a_key_again_replaces_its_timer()
    {
        using var test = new TestSystem();
        var (probe, _) = Timed(test, timers =>
        {
            timers.StartSingleTimer("key", "first", Second);
            timers.StartSingleTimer("key", "second", 2 * Second);
        });

        test.Advance(3 * Second);

        probe.ExpectMsg("second");
        probe.ExpectNoMsg();
    }

    [Fact]
    public void A_cancelled_timer_whose_message_waits_in_the_mailbox_already_is_not_delivered()
    {
        using var test = new TestSystem();
        var (probe, actor) = Timed(test, timers => timers.StartSingleTimer("key", "tick", Second));

        actor.Tell((ITimerScheduler timers) => timers.Cancel("key"));
        test.Time.Advance(Second);
        test.Run();

        probe.ExpectNoMsg();
    }

    [Fact]
    public void A_replaced_timer_whose_message_waits_in_the_mailbox_already_is_not_delivered()
    {
        using var test = new TestSystem();
        var (probe, actor) = Timed(test, timers => timers.StartSingleTimer("key", "old", Second));

        actor.Tell((ITimerScheduler timers) => timers.StartSingleTimer("key", "new", Second));
        test.Time.Advance(Second);
        test.Run();
        probe.ExpectNoMsg();

        test.Advance(Second);
        probe.ExpectMsg("new");
    }

    [Fact]
    public void A_timer_is_active_until_it_is_delivered_or_cancelled()
    {
        using var test = new TestSystem();
        var states = new List<bool>();
        var (_, actor) = Timed(test, timers => timers.StartSingleTimer("key", "tick", Second));
        var look = (ITimerScheduler timers) => states.Add(timers.IsTimerActive("key"));

        actor.Tell(look);
        test.Advance(Second);
        actor.Tell(look);
        actor.Tell((ITimerScheduler timers) => timers.StartPeriodicTimer("key", "tick", Second));
        test.Advance(Second);
        actor.Tell(look);
        actor.Tell((ITimerScheduler timers) => timers.CancelAll());
        actor.Tell(look);
        test.Run();

        Assert.Equal([true, false, true, false], states);
    }

    [Fact]
    public void A_restart_cancels_all_timers_also_those_that_wait_in_the_mailbox()
    {
        using var test = new TestSystem();
        var (probe, actor) = Timed(test, _ => { });
        actor.Tell((ITimerScheduler timers) => timers.StartSingleTimer("key", "tick", Second));
        test.Run();

        actor.Tell((Action<ITimerScheduler>)(_ => throw new FormatException()));
        test.Time.Advance(Second);
        test.Run();

        probe.ExpectNoMsg();
    }

    [Fact]
    public void A_stop_cancels_all_timers_and_their_ticks_are_no_dead_letters()
    {
        using var test = new TestSystem();
        var (_, actor) = Timed(test, timers => timers.StartPeriodicTimer("key", "tick", Second));
        test.System.Stop(actor);
        test.Run();

        test.Advance(3 * Second);

        Assert.Null(test.Time.NextDue);
        Assert.Equal(0, test.System.DeadLetterCount);
    }

    [Fact]
    public void A_slow_actor_finds_one_tick_of_a_periodic_timer_and_not_all_it_missed()
    {
        using var test = new TestSystem();
        var (probe, _) = Timed(test, timers => timers.StartPeriodicTimer("key", "tick", Second));

        test.Time.Advance(5 * Second);
        test.Run();

        probe.ExpectMsg("tick");
        probe.ExpectNoMsg();
        test.Advance(Second);
        probe.ExpectMsg("tick");
    }

    [Fact]
    public void Timers_and_stash_are_handed_to_an_actor_that_asks_for_them_before_it_starts()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        test.ActorOf(Props.Create(() => new WithBoth(probe.Ref)));

        probe.ExpectMsg("has both");
    }

    [Fact]
    public void The_receive_timeout_comes_after_idleness_and_again_until_it_is_cleared()
    {
        using var test = new TestSystem();
        var (probe, actor) = Idling(test, Second);

        test.Advance(Second / 2);
        actor.Tell("busy");
        test.Advance(Second / 2);
        probe.ExpectNoMsg();
        test.Advance(Second / 2);
        probe.ExpectMsg(ReceiveTimeout.Instance);
        test.Advance(Second);
        probe.ExpectMsg(ReceiveTimeout.Instance);

        actor.Tell("clear");
        test.Advance(5 * Second);
        probe.ExpectNoMsg();
    }

    [Fact]
    public void A_message_that_does_not_influence_the_receive_timeout_is_no_activity()
    {
        using var test = new TestSystem();
        var (probe, actor) = Idling(test, Second);

        test.Advance(Second / 2);
        actor.Tell(new Statistics());
        test.Advance(Second / 2);

        probe.ExpectMsg(ReceiveTimeout.Instance);
    }

    private static (TestProbe Probe, IActorRef Actor) Timed(TestSystem test, Action<ITimerScheduler> start)
    {
        var probe = test.Probe();
        var started = false;
        var actor = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context =>
            {
                if (!started)
                {
                    started = true;
                    start(context.Timers);
                }
            },
            Handle = (context, message) =>
            {
                if (message is Action<ITimerScheduler> command)
                {
                    command(context.Timers);
                }
                else
                {
                    probe.Ref.Tell(message);
                }

                return true;
            },
        }));
        test.Run();
        return (probe, actor);
    }

    private static (TestProbe Probe, IActorRef Actor) Idling(TestSystem test, TimeSpan timeout)
    {
        var probe = test.Probe();
        var actor = test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => context.SetReceiveTimeout(timeout),
            Handle = (context, message) =>
            {
                if (message is ReceiveTimeout)
                {
                    probe.Ref.Tell(message);
                }
                else if (message is "clear")
                {
                    context.SetReceiveTimeout(null);
                }

                return true;
            },
        }));
        test.Run();
        return (probe, actor);
    }

    private sealed record Statistics : INotInfluenceReceiveTimeout;

    private sealed class WithBoth(IActorRef report) : UntypedActor, IWithTimers, IWithStash
    {
        public ITimerScheduler Timers { get; set; } = null!;

        public IStash Stash { get; set; } = null!;

        protected internal override void PreStart() => report.Tell(Timers is not null && Stash is not null ? "has both" : "has not");

        protected override void OnReceive(object message) => Unhandled(message);
    }
}
