using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native.Congestion;

public sealed class StandingQueueTests
{
    private const long RoundTrip = 20_000;

    private readonly StandingQueue _queue = new();
    private long _now = NativeSide.Begin;

    [Theory]
    [InlineData(25_000_000, 4_500, true)]
    [InlineData(25_000_000, 3_500, false)]
    [InlineData(1_000_000, 21_000, true)]
    [InlineData(1_000_000, 19_000, false)]
    [InlineData(2_000_000_000, 1_900, false)]
    [InlineData(1_000, 99_000, false)]
    public void The_faster_the_sooner_a_queue_is_too_long(double bytesPerSecond, long queueMicroseconds, bool isTooLong)
    {
        Pass(RoundTrip + queueMicroseconds, 100_000);
        Assert.Equal(isTooLong, _queue.IsTooLong(RoundTrip, bytesPerSecond));
    }

    [Fact]
    public void One_datagram_that_did_not_wait_shows_that_none_stands()
    {
        Pass(RoundTrip + 50_000, 100_000);
        _queue.Add(RoundTrip, _now);
        Assert.False(_queue.IsTooLong(RoundTrip, 1_000_000));
        Pass(RoundTrip + 50_000, 100_000);
        Assert.True(_queue.IsTooLong(RoundTrip, 1_000_000));
    }

    [Fact]
    public void A_queue_that_overflows_may_be_shorter_and_after_quiet_probes_as_long_again()
    {
        Pass(RoundTrip + 12_000, 100_000);
        Assert.False(_queue.IsTooLong(RoundTrip, 1_000_000));
        _queue.HandleOverflow();
        _queue.HandleOverflow();
        Assert.True(_queue.IsTooLong(RoundTrip, 1_000_000));
        _queue.HandleProbe();
        Assert.True(_queue.IsTooLong(RoundTrip, 1_000_000));
        for (var probe = 0; probe < 10; probe++)
        {
            _queue.HandleProbe();
        }

        Assert.False(_queue.IsTooLong(RoundTrip, 1_000_000));
    }

    [Fact]
    public void What_varies_within_a_moment_is_the_path_and_no_queue()
    {
        for (var step = 0; step < 1000; step++)
        {
            _queue.Add(RoundTrip + 10_000 + (step % 10 * 3_000), _now += 1_000);
        }

        Assert.InRange(_queue.SpreadMicroseconds, 12_000, 15_000);
        Assert.False(_queue.IsTooLong(RoundTrip, 25_000_000));
    }

    private void Pass(long roundTripMicroseconds, long microseconds)
    {
        for (var end = _now + microseconds; _now < end; _now += 1_000)
        {
            _queue.Add(roundTripMicroseconds, _now);
        }
    }
}
