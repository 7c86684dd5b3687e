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

        // A second's worth at once, then ten a second.
        Assert.Equal(10, Admitted(quota, asked: 20, 0));
        Assert.Equal(5, Admitted(quota, asked: 20, Second / 2));
        Assert.Equal(10, Admitted(quota, asked: 20, 10 * Second));
        Assert.Equal(QuotaVerdict.TooFast, quota.Enter(10 * Second));
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

    private static int Admitted(Quota quota, int asked, long nowMicroseconds)
    {
        var admitted = 0;
        for (var count = 0; count < asked; count++)
        {
            admitted += quota.Enter(nowMicroseconds) == QuotaVerdict.Admitted ? 1 : 0;
        }

        return admitted;
    }
}
