namespace Proxy.Actors.Tests;

public sealed class RetryWaitTests
{
    [Fact]
    public void Where_somebody_waits_tries_begin_after_a_tenth_of_a_second_and_stay_less_than_a_second_apart()
    {
        var waits = Enumerable.Range(1, 1000).Select(failures => RetryWaits.Urgent(failures, new Random(failures))).ToArray();

        Assert.InRange(waits[0], TimeSpan.FromMilliseconds(75), TimeSpan.FromMilliseconds(125));
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromMilliseconds(75), TimeSpan.FromMilliseconds(875)));
        Assert.All(waits[3..], wait => Assert.True(wait >= TimeSpan.FromMilliseconds(525)));
    }

    [Fact]
    public void Waits_are_doubled_up_to_a_bound_and_jittered_as_the_seed_says()
    {
        var random = new Random(1);
        var waits = Enumerable.Range(0, 100).Select(_ => RetryWaits.Leisurely(3, random)).ToArray();

        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)));
        Assert.True(waits.Distinct().Count() > 90);
        Assert.InRange(RetryWaits.Leisurely(int.MaxValue, random), TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(20));
        Assert.Equal(RetryWaits.Urgent(2, new Random(5)), RetryWaits.Urgent(2, new Random(5)));
    }
}
