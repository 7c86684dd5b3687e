namespace Proxy.TestKit.Tests;

public sealed class ManualTimeTests
{
    private readonly ManualTime _time = new();
    private readonly List<(string Name, double AtMilliseconds)> _fired = [];

    [Fact]
    public void Timers_fire_in_order_of_due_time_then_of_creation_and_see_their_own_moment()
    {
        Start("c", 30);
        Start("a", 10);
        Start("b1", 20);
        Start("b2", 20);
        _time.Advance(TimeSpan.FromMilliseconds(25));
        Assert.Equal([("a", 10), ("b1", 20), ("b2", 20)], _fired);
        Assert.Equal(25, _time.Elapsed.TotalMilliseconds);

        _time.Advance(TimeSpan.FromMilliseconds(5));
        Assert.Equal(("c", 30), _fired[^1]);
    }

    [Fact]
    public void A_periodic_timer_fires_at_each_period_also_within_one_long_step()
    {
        Start("tick", 10, periodMilliseconds: 20);
        _time.Advance(TimeSpan.FromMilliseconds(60));

        Assert.Equal([("tick", 10), ("tick", 30), ("tick", 50)], _fired);
    }

    [Fact]
    public void A_disposed_timer_does_not_fire()
    {
        var timer = Start("never", 10);
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(_fired);
        Assert.Null(_time.NextDue);
    }

    [Fact]
    public void A_timer_that_another_one_stops_at_the_same_moment_does_not_fire()
    {
        ITimer? second = null;
        _time.CreateTimer(_ => second!.Dispose(), null, TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan);
        second = Start("second", 10);
        _time.Advance(TimeSpan.FromMilliseconds(20));

        Assert.Empty(_fired);
    }

    [Fact]
    public void Changing_a_timer_forgets_its_earlier_setting()
    {
        var timer = Start("moved", 10);
        timer.Change(TimeSpan.FromMilliseconds(40), Timeout.InfiniteTimeSpan);
        Assert.Equal(TimeSpan.FromMilliseconds(40), _time.NextDue);
        _time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal([("moved", 40)], _fired);
    }

    [Fact]
    public void The_next_due_moment_is_that_of_the_earliest_armed_timer()
    {
        Assert.Null(_time.NextDue);
        Start("b", 20);
        Start("a", 10);
        Assert.Equal(TimeSpan.FromMilliseconds(10), _time.NextDue);

        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(TimeSpan.FromMilliseconds(20), _time.NextDue);
    }

    [Fact]
    public void A_timer_set_by_a_callback_fires_within_the_same_step_when_it_is_due()
    {
        _time.CreateTimer(_ => Start("inner", 5), null, TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromMilliseconds(20));

        Assert.Equal([("inner", 15)], _fired);
    }

    [Fact]
    public void The_clock_never_goes_back()
    {
        _time.Advance(TimeSpan.FromMilliseconds(10));
        _time.AdvanceTo(TimeSpan.FromMilliseconds(3));

        Assert.Equal(TimeSpan.FromMilliseconds(10), _time.Elapsed);
        Assert.Equal(TimeSpan.FromMilliseconds(10), _time.GetElapsedTime(0));
    }

    private ITimer Start(string name, double dueMilliseconds, double? periodMilliseconds = null) => _time.CreateTimer(
        _ => _fired.Add((name, _time.Elapsed.TotalMilliseconds)),
        null,
        TimeSpan.FromMilliseconds(dueMilliseconds),
        periodMilliseconds is { } period ? TimeSpan.FromMilliseconds(period) : Timeout.InfiniteTimeSpan);
}
