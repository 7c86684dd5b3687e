namespace Proxy.Kernel.Tests;

public sealed class BackoffSupervisorTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private int _starts;

    [Fact]
    public void The_waits_between_restarts_double_up_to_the_maximum()
    {
        using var test = new TestSystem();
        var supervisor = Supervise(test, options => options with { ManualReset = true });
        var waits = new List<double>();
        foreach (var _ in Enumerable.Range(0, 5))
        {
            waits.Add(WaitForRestart(test, supervisor).TotalSeconds);
        }

        Assert.Equal([1, 2, 4, 8, 8], waits);
    }

    [Fact]
    public void The_jitter_adds_up_to_its_part_of_the_wait_and_the_same_seed_adds_the_same()
    {
        var options = Options(new Random(5)) with { RandomFactor = 0.2 };
        var waits = Enumerable.Range(0, 50).Select(_ => BackoffSupervisor.BackoffOf(options, restart: 1)).ToArray();
        var again = options with { Random = new Random(5) };

        Assert.All(waits, wait => Assert.InRange(wait, 2 * Second, 2.4 * Second));
        Assert.True(waits.Distinct().Count() > 40);
        Assert.Equal(waits, Enumerable.Range(0, 50).Select(_ => BackoffSupervisor.BackoffOf(again, restart: 1)));
    }

    [Fact]
    public void A_child_that_lives_long_enough_is_forgiven()
    {
        using var test = new TestSystem();
        var supervisor = Supervise(test, options => options with { AutoReset = 10 * Second });
        WaitForRestart(test, supervisor);
        Assert.Equal(2, WaitForRestart(test, supervisor).TotalSeconds);

        test.Advance(10 * Second);

        Assert.Equal(1, WaitForRestart(test, supervisor).TotalSeconds);
    }

    [Fact]
    public void Reset_forgives_by_hand()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var supervisor = Supervise(test, options => options with { ManualReset = true });
        WaitForRestart(test, supervisor);
        WaitForRestart(test, supervisor);
        probe.Send(supervisor, new BackoffSupervisor.GetRestartCount());
        probe.ExpectMsg(new BackoffSupervisor.RestartCount(2));

        supervisor.Tell(new BackoffSupervisor.Reset());

        Assert.Equal(1, WaitForRestart(test, supervisor).TotalSeconds);
    }

    [Fact]
    public void More_restarts_than_allowed_stop_the_supervisor()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var supervisor = Supervise(test, options => options with { ManualReset = true, MaximumRestarts = 1 });
        probe.Watch(supervisor);
        WaitForRestart(test, supervisor);

        supervisor.Tell("fail");

        probe.ExpectTerminated(supervisor);
    }

    [Fact]
    public void On_failure_a_child_that_stops_by_itself_ends_the_supervisor()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var supervisor = Supervise(test, options => options);
        probe.Watch(supervisor);

        supervisor.Tell("stop");

        probe.ExpectTerminated(supervisor);
    }

    [Fact]
    public void On_stop_a_child_that_stops_by_itself_is_made_again()
    {
        using var test = new TestSystem();
        var supervisor = Supervise(test, options => options with { Trigger = BackoffTrigger.OnStop });

        supervisor.Tell("stop");
        test.Advance(Second);

        Assert.Equal(2, _starts);
    }

    [Fact]
    public void Messages_are_forwarded_to_the_child_and_go_to_dead_letters_while_there_is_none()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var supervisor = Supervise(test, options => options);
        probe.Send(supervisor, "hello");
        probe.ExpectMsg("child got hello");
        probe.Send(supervisor, new BackoffSupervisor.GetCurrentChild());
        Assert.NotNull(probe.ExpectMsg<BackoffSupervisor.CurrentChild>().Ref);

        supervisor.Tell("fail");
        test.Run();

        EventFilter.DeadLetter<string>(test.System).ExpectOne(() => supervisor.Tell("nobody there"));
        probe.Send(supervisor, new BackoffSupervisor.GetCurrentChild());
        probe.ExpectMsg(new BackoffSupervisor.CurrentChild(null));
    }

    private IActorRef Supervise(TestSystem test, Func<BackoffOptions, BackoffOptions> configure)
    {
        var supervisor = test.ActorOf(BackoffSupervisor.Props(configure(Options(test.System.CreateRandom()))));
        test.Run();
        return supervisor;
    }

    /// <summary>Fails the child and measures the virtual time until the next one starts.</summary>
    private TimeSpan WaitForRestart(TestSystem test, IActorRef supervisor)
    {
        var startsBefore = _starts;
        supervisor.Tell("fail");
        test.Run();
        var failedAt = test.Time.Elapsed;
        while (_starts == startsBefore)
        {
            test.Advance(test.Time.NextDue!.Value - test.Time.Elapsed);
        }

        return test.Time.Elapsed - failedAt;
    }

    private BackoffOptions Options(Random random) => new(
        ScriptedActor.Props(new Script
        {
            PreStart = _ => _starts++,
            Handle = (context, message) =>
            {
                switch (message)
                {
                    case "fail":
                        throw new FormatException();
                    case "stop":
                        context.Stop(context.Self);
                        break;
                    default:
                        context.Sender.Tell($"child got {message}");
                        break;
                }

                return true;
            },
        }),
        "child",
        Second,
        8 * Second,
        0,
        random);
}
