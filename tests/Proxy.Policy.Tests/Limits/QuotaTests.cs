using Proxy.Policy.Limits;

namespace Proxy.Policy.Tests.Limits;

public sealed class QuotaTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void Streams_at_once_are_given_back()
    {
        var quota = new Quota(new QuotaSettings { MaximumStreams = 2 }, 0);
        Assert.Equal(
            [QuotaVerdict.Admitted, QuotaVerdict.Admitted, QuotaVerdict.TooManyStreams],
            (QuotaVerdict[])[quota.Enter(0), quota.Enter(0), quota.Enter(0)]);

        quota.Leave(10, 1);
        Assert.Equal(QuotaVerdict.Admitted, quota.Enter(1));
        Assert.Equal((2, 10L, 1L), (quota.Streams, quota.UsedBytes, quota.Refused));
    }

    [Fact]
    public void So_many_come_in_a_second()
    {
        var quota = new Quota(new QuotaSettings { StreamsPerSecond = 10 }, 0);
        var admitted = Enumerable.Range(0, 100).Count(step => quota.Enter(step * Second / 10) == QuotaVerdict.Admitted && quota.Enter(step * Second / 10) is var _);

        // A second's worth at once, then ten a second.
        Assert.InRange(admitted, 55, 100);
        Assert.Equal(QuotaVerdict.TooFast, Enumerable.Range(0, 20).Select(_ => quota.Enter(10 * Second)).Last());
    }

    [Fact]
    public void Bytes_that_are_used_up_come_back_with_the_next_period()
    {
        var quota = new Quota(new QuotaSettings { Bytes = 100, Period = TimeSpan.FromSeconds(10) }, 0);
        Assert.Equal(QuotaVerdict.Admitted, quota.Enter(5 * Second));
        Assert.Equal(QuotaVerdict.Admitted, quota.Enter(5 * Second));
        quota.Leave(99, 6 * Second);
        Assert.Equal(QuotaVerdict.Admitted, quota.Enter(7 * Second));
        quota.Leave(1, 8 * Second);

        Assert.Equal(QuotaVerdict.BytesUsedUp, quota.Enter(15 * Second - 1));
        Assert.Equal(QuotaVerdict.Admitted, quota.Enter(15 * Second));
        Assert.Equal(0, quota.UsedBytes);
    }

    [Fact]
    public void Other_limits_hold_at_once_and_what_was_used_stays_used()
    {
        var quota = new Quota(QuotaSettings.Unlimited, 0);
        quota.Enter(0);
        quota.Leave(50, 0);
        quota.Change(new QuotaSettings { Bytes = 40 }, 1);

        Assert.Equal(QuotaVerdict.BytesUsedUp, quota.Enter(1));
    }
}
