using Proxy.Kernel.Event;

namespace Proxy.Kernel.Tests;

public sealed class CoordinatedShutdownTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly List<string> _events = [];

    [Fact]
    public void Phases_run_in_order_and_the_actor_system_ends_last()
    {
        using var test = new TestSystem();
        var shutdown = test.System.CoordinatedShutdown;
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "stop", Recording("stop"));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "unbind", Recording("unbind"));
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "announce", Recording("announce"));

        var done = shutdown.Run("test");
        Assert.Equal(["announce", "unbind", "stop"], _events);
        Assert.False(test.System.WhenTerminated.IsCompleted);

        test.Run();
        Assert.True(test.System.WhenTerminated.IsCompletedSuccessfully);
        Assert.True(SpinWait.SpinUntil(() => done.IsCompletedSuccessfully, Await.DefaultTimeout));
    }

    [Fact]
    public void The_tasks_of_a_phase_run_at_the_same_time_and_the_next_phase_waits_for_all()
    {
        using var test = new TestSystem(configure: setup => setup with { ShutdownPhases = [new("one", Second), new("two", Second)] });
        var shutdown = test.System.CoordinatedShutdown;
        var first = new TaskCompletionSource();
        var second = new TaskCompletionSource();
        shutdown.AddTask("one", "a", Recording("a", first.Task));
        shutdown.AddTask("one", "b", Recording("b", second.Task));
        shutdown.AddTask("two", "c", Recording("c"));

        _ = shutdown.Run("test");
        Assert.Equal(["a", "b"], _events);
        first.SetResult();
        Assert.Equal(["a", "b"], _events);
        second.SetResult();
        AwaitEvent("c");
    }

    [Fact]
    public void A_phase_that_takes_too_long_is_left_behind()
    {
        using var test = new TestSystem(configure: setup => setup with { ShutdownPhases = [new("one", Second), new("two", Second)] });
        var shutdown = test.System.CoordinatedShutdown;
        shutdown.AddTask("one", "for ever", Recording("for ever", new TaskCompletionSource().Task));
        shutdown.AddTask("two", "next", Recording("next"));
        var warnings = test.Probe();
        test.System.EventStream.Subscribe<Warning>(warnings.Ref);

        _ = shutdown.Run("test");
        test.Advance(Second);

        AwaitEvent("next");
        warnings.ExpectMsg<Warning>(warning => warning.Text.Contains("'one'", StringComparison.Ordinal));
    }

    [Fact]
    public void A_task_that_fails_is_logged_and_the_next_phase_runs()
    {
        using var test = new TestSystem();
        var shutdown = test.System.CoordinatedShutdown;
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "fails", () => throw new FormatException());
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "next", Recording("next"));

        EventFilter.Exception<FormatException>(test.System).ExpectOne(() => _ = shutdown.Run("test"));

        AwaitEvent("next");
    }

    [Fact]
    public void A_phase_that_must_succeed_keeps_the_later_ones_from_running_but_not_the_system_from_ending()
    {
        using var test = new TestSystem(configure: setup => setup with
        {
            ShutdownPhases = [new("one", Second, ContinuesAfterFailure: false), new("two", Second)],
        });
        var shutdown = test.System.CoordinatedShutdown;
        shutdown.AddTask("one", "fails", () => Task.FromException(new FormatException()));
        shutdown.AddTask("two", "next", Recording("next"));

        _ = shutdown.Run("test");
        test.Run();

        Assert.True(test.System.WhenTerminated.IsCompletedSuccessfully);
        Assert.Empty(_events);
    }

    [Fact]
    public void It_runs_once_and_keeps_the_first_reason()
    {
        using var test = new TestSystem();
        var shutdown = test.System.CoordinatedShutdown;
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "stop", Recording("stop"));
        Assert.Null(shutdown.Reason);

        var first = shutdown.Run("first");
        var second = shutdown.Run("second");

        Assert.Same(first, second);
        Assert.Equal("first", shutdown.Reason);
        Assert.Equal(["stop"], _events);
        Assert.False(shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "late", Recording("late")));
    }

    [Fact]
    public void An_unknown_phase_is_refused()
    {
        using var test = new TestSystem();

        Assert.Throws<ArgumentException>(() => test.System.CoordinatedShutdown.AddTask("no such phase", "task", Recording("task")));
    }

    private Func<Task> Recording(string name, Task? end = null) => () =>
    {
        lock (_events)
        {
            _events.Add(name);
        }

        return end ?? Task.CompletedTask;
    };

    private void AwaitEvent(string name) => Assert.True(
        SpinWait.SpinUntil(
            () =>
            {
                lock (_events)
                {
                    return _events.Contains(name);
                }
            },
            Await.DefaultTimeout));
}
