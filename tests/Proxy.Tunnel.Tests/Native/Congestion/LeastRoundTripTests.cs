using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native.Congestion;

public sealed class LeastRoundTripTests
{
    private readonly LeastRoundTrip _least = new(100_000);

    [Theory]
    [InlineData(45_000, 10_000_000)]
    [InlineData(60_000, 5_000_000)]
    public void It_is_a_guess_first_then_the_least_and_old_after_ten_seconds_or_five_with_a_queue(long later, long oldAfter)
    {
        Assert.Equal(100_000, _least.Microseconds);
        _least.Add(50_000, isQueueOurs: true, 0);
        _least.Add(40_000, isQueueOurs: true, 1_000_000);
        _least.Add(later, isQueueOurs: true, 2_000_000);
        _least.Add(later, isQueueOurs: true, 1_000_000 + oldAfter);
        Assert.False(_least.IsOld);
        _least.Add(later, isQueueOurs: true, 1_000_001 + oldAfter);
        Assert.True(_least.IsOld);
        Assert.Equal(40_000, _least.Microseconds);
        _least.Add(later, isQueueOurs: false, 1_000_002 + oldAfter);
        Assert.Equal(later, _least.Microseconds);
    }

    [Fact]
    public void A_probe_counts_from_when_the_queue_has_left_and_takes_a_fifth_of_a_second()
    {
        _least.Add(50_000, isQueueOurs: true, 0);
        _least.BeginProbe();
        _least.Add(40_000, isQueueOurs: true, 9_000_000);
        Assert.False(_least.TryEndProbe(hasLeft: false, 9_900_000));
        Assert.False(_least.TryEndProbe(hasLeft: true, 10_000_000));
        _least.Add(70_000, isQueueOurs: true, 10_100_000);
        Assert.False(_least.TryEndProbe(hasLeft: true, 10_200_000));
        Assert.True(_least.TryEndProbe(hasLeft: true, 10_200_001));
        Assert.Equal(70_000, _least.Microseconds);
    }

    [Fact]
    public void Another_path_begins_with_the_old_one_as_a_guess()
    {
        _least.Add(50_000, isQueueOurs: true, 0);
        _least.Restart();
        Assert.Equal(50_000, _least.Microseconds);
        _least.Add(80_000, isQueueOurs: true, 1);
        Assert.Equal(80_000, _least.Microseconds);
    }
}
