using Proxy.Protocol.Tunnels;

namespace Proxy.Protocol.Tests.Tunnels;

public sealed class KeepAliveTests
{
    private const long Second = 1_000_000;
    private const long Start = 77 * Second;

    private readonly KeepAlive _keepAlive = new(Start);

    [Fact]
    public void Nothing_is_sent_before_the_quiet_period_is_over()
    {
        Assert.Equal(Start + (10 * Second), _keepAlive.DeadlineMicroseconds);
        Assert.Equal(KeepAliveStep.Wait, _keepAlive.HandleTimer(Start + (10 * Second) - 1));
        Assert.False(_keepAlive.IsWaiting);
    }

    [Fact]
    public void A_quiet_period_is_followed_by_a_ping_with_id_1()
    {
        Assert.Equal(KeepAliveStep.SendPing, _keepAlive.HandleTimer(Start + (10 * Second)));
        Assert.Equal(1, _keepAlive.PingId);
        Assert.Equal(Start + (15 * Second), _keepAlive.DeadlineMicroseconds);
    }

    [Fact]
    public void A_doubt_makes_the_next_ping_due_at_once_and_only_one()
    {
        _keepAlive.AskNow(Start + Second);
        Assert.Equal(KeepAliveStep.SendPing, _keepAlive.HandleTimer(Start + Second));

        _keepAlive.AskNow(Start + (2 * Second));
        Assert.Equal(KeepAliveStep.Wait, _keepAlive.HandleTimer(Start + (2 * Second)));
        Assert.Equal(Start + (10 * Second), _keepAlive.DeadlineMicroseconds);
    }

    [Fact]
    public void Silence_after_traffic_is_asked_about_soon_and_that_ping_does_not_count_as_missed()
    {
        _keepAlive.HandleLife(Start, hasTraffic: true);
        Assert.Equal(KeepAliveStep.SendPing, _keepAlive.HandleTimer(Start + (Second / 2)));

        var pings = 0;
        var step = KeepAliveStep.Wait;
        for (var second = 1; second <= 25; second++)
        {
            step = _keepAlive.HandleTimer(Start + (second * Second));
            pings += step == KeepAliveStep.SendPing ? 1 : 0;
            Assert.Equal(second == 25, step == KeepAliveStep.Dead);
        }

        Assert.Equal(3, pings);
    }

    [Fact]
    public void Any_sign_of_life_starts_a_new_quiet_period()
    {
        _keepAlive.HandleLife(Start + (9 * Second));
        Assert.Equal(KeepAliveStep.Wait, _keepAlive.HandleTimer(Start + (10 * Second)));
        Assert.Equal(Start + (19 * Second), _keepAlive.DeadlineMicroseconds);
    }

    [Fact]
    public void Three_missed_pings_are_death_after_25_seconds_of_silence_said_once()
    {
        var steps = new List<(long Seconds, KeepAliveStep Step)>();
        for (var second = 1; second <= 60; second++)
        {
            var step = _keepAlive.HandleTimer(Start + (second * Second));
            if (step != KeepAliveStep.Wait)
            {
                steps.Add((second, step));
            }
        }

        Assert.Equal([(10, KeepAliveStep.SendPing), (15, KeepAliveStep.SendPing), (20, KeepAliveStep.SendPing), (25, KeepAliveStep.Dead)], steps);
        Assert.Equal(3, _keepAlive.PingId);
        Assert.Equal(long.MaxValue, _keepAlive.DeadlineMicroseconds);
    }

    [Fact]
    public void Life_between_misses_forgives_them()
    {
        _keepAlive.HandleTimer(Start + (10 * Second));
        _keepAlive.HandleTimer(Start + (15 * Second));
        _keepAlive.HandleLife(Start + (16 * Second));
        Assert.False(_keepAlive.IsWaiting);
        Assert.Equal(KeepAliveStep.SendPing, _keepAlive.HandleTimer(Start + (26 * Second)));
        Assert.Equal(KeepAliveStep.SendPing, _keepAlive.HandleTimer(Start + (31 * Second)));
        Assert.Equal(KeepAliveStep.SendPing, _keepAlive.HandleTimer(Start + (36 * Second)));
        Assert.Equal(KeepAliveStep.Dead, _keepAlive.HandleTimer(Start + (41 * Second)));
    }

    [Fact]
    public void The_answer_to_the_latest_ping_measures_the_round_trip()
    {
        _keepAlive.HandleTimer(Start + (10 * Second));
        _keepAlive.HandleAcknowledge(1, Start + (10 * Second) + 42_000);
        Assert.Equal(TimeSpan.FromMilliseconds(42), _keepAlive.RoundTrip);
        Assert.Equal(Start + (20 * Second) + 42_000, _keepAlive.DeadlineMicroseconds);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(99)]
    public void An_answer_with_another_id_is_life_but_measures_nothing(long id)
    {
        _keepAlive.HandleTimer(Start + (10 * Second));
        _keepAlive.HandleTimer(Start + (15 * Second));
        _keepAlive.HandleAcknowledge(id, Start + (16 * Second));
        Assert.Null(_keepAlive.RoundTrip);
        Assert.False(_keepAlive.IsWaiting);
    }

    [Fact]
    public void An_unasked_answer_measures_nothing()
    {
        _keepAlive.HandleAcknowledge(0, Start + Second);
        Assert.Null(_keepAlive.RoundTrip);
    }

    [Fact]
    public void The_dead_do_not_rise()
    {
        for (var second = 10; second <= 25; second += 5)
        {
            _keepAlive.HandleTimer(Start + (second * Second));
        }

        _keepAlive.HandleLife(Start + (26 * Second));
        _keepAlive.HandleAcknowledge(3, Start + (26 * Second));
        Assert.Equal(long.MaxValue, _keepAlive.DeadlineMicroseconds);
        Assert.Equal(KeepAliveStep.Wait, _keepAlive.HandleTimer(long.MaxValue));
    }
}
