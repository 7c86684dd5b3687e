using Proxy.Policy.Limits;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Limits;

public sealed class TokenBucketTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void A_bucket_starts_full_and_gives_no_more_than_it_has()
    {
        var bucket = new TokenBucket(100, 10, 0);

        Assert.False(bucket.TryTake(11, 0));
        Assert.Equal(10, bucket.TakeUpTo(50, 0));
        Assert.False(bucket.TryTake(1, 0));
    }

    [Fact]
    public void It_fills_evenly_and_says_to_the_microsecond_when()
    {
        var bucket = new TokenBucket(3, 3, 0);
        Assert.True(bucket.TryTake(3, 0));

        Assert.Equal(333_334, bucket.MicrosecondsUntil(1, 0));
        Assert.Equal(0, bucket.Available(333_333));
        Assert.Equal(1, bucket.Available(333_334));
        Assert.Equal(Second - 333_334, bucket.MicrosecondsUntil(3, 333_334));
        Assert.Equal(3, bucket.Available(Second));
    }

    [Fact]
    public void Idle_time_banks_no_more_than_the_burst()
    {
        var bucket = new TokenBucket(TokenBucket.MaximumPerSecond, 5, 0);
        bucket.TakeUpTo(5, 0);

        Assert.Equal(5, bucket.Available(long.MaxValue / 2));
    }

    [Fact]
    public void More_than_the_burst_is_waited_for_as_a_full_bucket()
    {
        var bucket = new TokenBucket(10, 5, 0);
        bucket.TakeUpTo(5, 0);

        Assert.Equal(Second / 2, bucket.MicrosecondsUntil(1_000, 0));
        Assert.Equal(0, bucket.MicrosecondsUntil(1_000, Second));
    }

    [Fact]
    public void A_clock_that_steps_back_gives_nothing_twice()
    {
        var bucket = new TokenBucket(10, 10, Second);
        bucket.TakeUpTo(10, Second);

        Assert.Equal(0, bucket.Available(0));
        Assert.Equal(0, bucket.Available(Second));
        Assert.Equal(10, bucket.Available(2 * Second));
    }

    [Fact]
    public void What_is_given_back_can_be_taken_again_up_to_the_burst()
    {
        var bucket = new TokenBucket(10, 10, 0);
        bucket.TakeUpTo(10, 0);

        bucket.GiveBack(4);
        Assert.Equal(4, bucket.Available(0));
        bucket.GiveBack(long.MaxValue);
        Assert.Equal(10, bucket.Available(0));
    }

    [Fact]
    public void Another_rate_holds_from_its_moment_on()
    {
        var bucket = new TokenBucket(10, 100, 0);
        bucket.TakeUpTo(100, 0);

        bucket.Change(1_000, 50, Second);
        Assert.Equal(10, bucket.Available(Second));
        Assert.Equal(20, bucket.Available(Second + 10_000));
        Assert.Equal(50, bucket.Available(10 * Second));
    }

    [Fact]
    public void A_day_of_odd_steps_gives_exactly_the_rate()
    {
        // The steps divide neither the second nor the time of a token: any rounding would add up over 825,000 of them.
        var bucket = new TokenBucket(7_919, 7_919, 0);
        var taken = bucket.TakeUpTo(7_919, 0);
        const long Day = 24 * 3_600 * Second;
        long now;
        for (now = 0; now < Day; now += 104_729)
        {
            taken += bucket.TakeUpTo(long.MaxValue, now);
        }

        taken += bucket.TakeUpTo(long.MaxValue, Day);
        Assert.Equal(7_919 + (7_919 * 24L * 3_600), taken);
    }

    [Fact]
    public void No_window_gives_more_than_its_rate_and_one_burst() => Property.Check(200, random =>
    {
        var perSecond = Exponential(random, 40);
        var burst = Exponential(random, 40);
        var bucket = new TokenBucket(perSecond, burst, 0);
        var takes = new List<(long At, long Tokens)>();
        long now = 0, waits = 0;
        for (var i = 0; i < 150; i++)
        {
            now += random.Next(4) == 0 ? 0 : Exponential(random, 24);
            var wanted = Exponential(random, 42);
            var until = bucket.MicrosecondsUntil(wanted, now);
            if (until > 0 && random.Next(2) == 0)
            {
                // Not a microsecond earlier, and not one later.
                var full = Math.Min(wanted, burst);
                Assert.True(bucket.Available(now + until - 1) < full, "there before it was said to be");
                now += until;
                Assert.True(bucket.Available(now) >= full, "not there when it was said to be");
                waits++;
            }

            takes.Add((now, random.Next(2) == 0 ? bucket.TakeUpTo(wanted, now) : bucket.TryTake(wanted, now) ? wanted : 0));
        }

        for (var first = 0; first < takes.Count; first++)
        {
            Int128 sum = 0;
            for (var last = first; last < takes.Count; last++)
            {
                sum += takes[last].Tokens;
                var most = (Int128)perSecond * (takes[last].At - takes[first].At) + (Int128)burst * Second;
                Assert.True(sum * Second <= most, $"{sum} between {takes[first].At} and {takes[last].At} at {perSecond}/s, burst {burst}");
            }
        }

        Assert.True(waits > 0 || takes.Exists(take => take.Tokens > 0));
    });

    private static long Exponential(Random random, int bits) => random.NextInt64(1L << random.Next(1, bits)) + 1;
}
