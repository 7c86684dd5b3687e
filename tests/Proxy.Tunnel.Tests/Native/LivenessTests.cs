using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class LivenessTests
{
    private const long Second = 1_000_000;
    private const long ProbeTimeoutMicroseconds = 100_000;

    private readonly Liveness _liveness = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), new Random(1), 0);

    [Fact]
    public void Quiet_is_asked_about_every_ten_seconds_give_or_take_a_tenth()
    {
        var last = 0L;
        for (var count = 0; count < 100; count++)
        {
            var due = _liveness.DeadlineMicroseconds;
            Assert.InRange(due - last, 9 * Second, 11 * Second);
            Assert.Equal(LivenessStep.Wait, Ask(due - 1));
            Assert.Equal(LivenessStep.SendPing, Ask(due));
            _liveness.HandleHeard(hasTraffic: false, isWaiting: false, due);
            last = due;
        }
    }

    [Fact]
    public void Quiet_after_traffic_is_asked_about_soon()
    {
        _liveness.HandleHeard(hasTraffic: true, isWaiting: false, Second);
        Assert.Equal(LivenessStep.SendPing, Ask(Second + (Second / 2)));
    }

    [Fact]
    public void Silence_is_suspect_after_a_second_and_three_probes_and_said_once()
    {
        _liveness.HandleSent(Second);
        Assert.Equal(LivenessStep.Wait, Ask(3 * Second, probes: 2));
        Assert.Equal(LivenessStep.Wait, Ask((2 * Second) - 1, probes: 3));
        Assert.Equal(LivenessStep.Suspect, Ask(2 * Second, probes: 3));
        Assert.Equal(LivenessStep.Wait, Ask(3 * Second, probes: 4));
        Assert.True(_liveness.IsSuspect);
    }

    [Fact]
    public void On_a_slow_path_three_probe_timeouts_are_waited_for()
    {
        _liveness.HandleSent(0);
        Assert.Equal(LivenessStep.Wait, _liveness.HandleTimer(3, 2 * Second, 5 * Second));
        Assert.Equal(LivenessStep.Suspect, _liveness.HandleTimer(3, 2 * Second, 6 * Second));
    }

    [Fact]
    public void Anything_heard_clears_a_suspicion_and_the_silence()
    {
        _liveness.HandleSent(0);
        Ask(2 * Second, probes: 3);
        Assert.True(_liveness.HandleHeard(hasTraffic: false, isWaiting: true, 3 * Second));
        Assert.False(_liveness.IsSuspect);
        Assert.Equal(LivenessStep.Wait, Ask((33 * Second) - 1));
        Assert.Equal(LivenessStep.Dead, Ask(33 * Second));
    }

    [Fact]
    public void Silence_with_nothing_unanswered_is_never_death()
    {
        _liveness.HandleSent(0);
        _liveness.HandleHeard(hasTraffic: false, isWaiting: false, Second);
        Assert.NotEqual(LivenessStep.Dead, Ask(100 * Second));
    }

    private LivenessStep Ask(long nowMicroseconds, int probes = 0) => _liveness.HandleTimer(probes, ProbeTimeoutMicroseconds, nowMicroseconds);
}
