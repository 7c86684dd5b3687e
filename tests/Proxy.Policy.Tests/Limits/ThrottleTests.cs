using Proxy.Policy.Limits;

namespace Proxy.Policy.Tests.Limits;

public sealed class ThrottleTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void Without_a_rate_all_bytes_move() => Assert.Equal(1_000, new Throttle(null, null).Ask(1_000, 0).Bytes);

    [Fact]
    public void Under_its_own_rate_a_connection_is_told_when_to_ask_again()
    {
        var throttle = new Throttle(new TokenBucket(1_000, 1_000, 0), null);

        Assert.Equal(1_000, throttle.Ask(5_000, 0).Bytes);
        Assert.Equal(50_000, throttle.Ask(5_000, 0).WaitMicroseconds);
        Assert.Equal(50, throttle.Ask(5_000, 50_000).Bytes);
    }

    [Fact]
    public void Few_bytes_wait_no_longer_than_they_must()
    {
        var throttle = new Throttle(new TokenBucket(1_000, 1_000, 0), null);
        throttle.Ask(1_000, 0);

        Assert.Equal(3_000, throttle.Ask(3, 0).WaitMicroseconds);
    }

    [Fact]
    public void Under_both_rates_the_lower_one_holds()
    {
        var shared = new SharedBucket(10_000, 16_384, 0);
        var own = new TokenBucket(1_000, 1_000, 0);
        var throttle = new Throttle(own, shared);

        Assert.True(throttle.Ask(5_000, 0).AwaitsGrant);
        Assert.True(shared.TryGrant(0, out var share, out var bytes));
        Assert.Same(throttle, share.Owner);
        throttle.Accept(bytes, 0);

        Assert.Equal(512, bytes);
        Assert.Equal(1_000 - 512, own.Available(0));
    }

    [Fact]
    public void What_was_not_moved_may_move_later()
    {
        var own = new TokenBucket(1_000, 1_000, 0);
        var throttle = new Throttle(own, null);
        throttle.Ask(1_000, 0);

        throttle.GiveBack(400);

        Assert.Equal(400, throttle.Ask(5_000, 0).Bytes);
    }

    [Fact]
    public void One_that_has_stopped_gets_no_grant()
    {
        var shared = new SharedBucket(10_000, 16_384, 0);
        var throttle = new Throttle(null, shared);
        throttle.Ask(1, 0);

        throttle.Stop();

        Assert.False(shared.TryGrant(Second, out _, out _));
    }
}
