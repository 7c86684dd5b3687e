using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class PacerTests
{
    private const int DatagramBytes = 1452;

    [Theory]
    [InlineData(100_000)]
    [InlineData(2_500_000)]
    [InlineData(25_000_000)]
    [InlineData(125_000_000)]
    public void What_leaves_over_time_is_the_rate_and_leaves_in_batches_of_a_millisecond(double bytesPerSecond)
    {
        var pacer = new Pacer();
        var now = 5_000_000L;
        Drain(pacer, bytesPerSecond, now);
        var (bytes, batches, begin) = (0L, 0, now);
        while (now < begin + 1_000_000)
        {
            now = pacer.NextMicroseconds(DatagramBytes, bytesPerSecond, now);
            bytes += Drain(pacer, bytesPerSecond, now);
            batches++;
        }

        Assert.InRange(bytes / (bytesPerSecond * (now - begin) / 1_000_000), 0.95, 1.05);
        var perBatch = Math.Clamp((int)(bytesPerSecond / 1000) / DatagramBytes, 1, 44);
        Assert.InRange(bytes / batches, (perBatch - 0.1) * DatagramBytes, (perBatch + 1) * DatagramBytes);
    }

    [Fact]
    public void After_a_pause_the_credit_is_two_milliseconds_worth_and_never_more_than_a_quarter_megabyte()
    {
        var pacer = new Pacer();
        Drain(pacer, 25_000_000, 0);
        Assert.InRange(Drain(pacer, 25_000_000, 60_000_000), 48_000, 50_000);
        Assert.InRange(Drain(pacer, 1_000_000_000, 120_000_000), 255_000, 256 * 1024);
    }

    [Theory]
    [InlineData(5_000, 1.0)]
    [InlineData(20_000, 1.0)]
    [InlineData(100_000, 0.3)]
    public void Being_called_late_costs_nothing_up_to_twenty_milliseconds(int lateMicroseconds, double share)
    {
        const double BytesPerSecond = 10_000_000;
        var pacer = new Pacer();
        var now = 5_000_000L;
        Drain(pacer, BytesPerSecond, now);
        var (bytes, begin) = (0L, now);
        while (now < begin + 1_000_000)
        {
            now = pacer.NextMicroseconds(DatagramBytes, BytesPerSecond, now) + lateMicroseconds;
            bytes += Drain(pacer, BytesPerSecond, now);
        }

        Assert.InRange(bytes / (BytesPerSecond * (now - begin) / 1_000_000), share - 0.1, share + 0.05);
    }

    [Fact]
    public void What_may_not_wait_is_paid_for_afterwards()
    {
        var pacer = new Pacer();
        Drain(pacer, 1_000_000, 0);
        pacer.HandleSent(10_000);
        Assert.False(pacer.CanSend(DatagramBytes, 1_000_000, 9_000));
        Assert.True(pacer.CanSend(DatagramBytes, 1_000_000, 13_000));
    }

    private static long Drain(Pacer pacer, double bytesPerSecond, long nowMicroseconds)
    {
        var bytes = 0L;
        while (pacer.CanSend(DatagramBytes, bytesPerSecond, nowMicroseconds))
        {
            pacer.HandleSent(DatagramBytes);
            bytes += DatagramBytes;
        }

        return bytes;
    }
}
