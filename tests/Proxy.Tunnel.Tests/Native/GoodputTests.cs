using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>Under virtual time what a link carries is exact, so it may be asserted.</summary>
public sealed class GoodputTests(ITestOutputHelper output)
{
    /// <summary>Payload of what a link carries, IP and UDP headers included.</summary>
    private const double PayloadShare = 0.935;

    private const double StartUpSeconds = 3;

    [Theory]
    [InlineData(100, 40, 0, 50_000)]
    [InlineData(100, 40, 0.05, 50_000)]
    [InlineData(20, 100, 0, 40_000)]
    public void A_short_queue_is_not_flooded_for_the_sake_of_losses(double megabits, double roundTrip, double lossRate, int queueBytes)
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(megabits, roundTrip, lossRate).WithLink(link => link.Bottleneck.QueueBytes = queueBytes);
        bulk.Add();
        bulk.Pair.DriveFor(StartUpSeconds);
        var (sent, overflowed) = (bulk.Pair.FromClient.Sent, bulk.Pair.FromClient.Overflowed);
        var goodput = bulk.Measure(15);
        var share = (bulk.Pair.FromClient.Overflowed - overflowed) / (double)(bulk.Pair.FromClient.Sent - sent);
        var carried = megabits * 125_000 * (1 - lossRate) * PayloadShare;
        output.WriteLine($"goodput {goodput / carried:P1}, overflowed {share:P1}");
        Assert.True(goodput >= 0.85 * carried, $"{goodput / 1e6:F2} of {carried / 1e6:F2} MB/s.");
        Assert.True(share <= 0.05, $"{share:P1} of what was sent overflowed the queue.");
    }

    [Fact]
    public void A_fixed_rate_is_kept_whatever_is_lost()
    {
        using var bulk = new Bulk(NativeTunnelSettings.Default with { FixedBytesPerSecond = 2_000_000 });
        bulk.Pair.WithPath(100, 40, 0.3);
        bulk.Add();
        bulk.Pair.DriveFor(StartUpSeconds);
        var before = bulk.Pair.FromClient.SentBytes;
        bulk.Pair.DriveFor(5);
        Assert.InRange((bulk.Pair.FromClient.SentBytes - before) / 5.0, 1_900_000, 2_050_000);
    }

    [Theory]
    [InlineData(200, 50, 0)]
    [InlineData(200, 50, 0.01)]
    [InlineData(200, 50, 0.05)]
    [InlineData(200, 100, 0.1)]
    [InlineData(20, 200, 0.03)]
    [InlineData(50, 20, 0.02)]
    public void One_stream_gets_nine_tenths_of_what_the_link_carries_and_wastes_little(double megabits, double roundTrip, double lossRate)
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(megabits, roundTrip, lossRate);
        bulk.Add();
        bulk.Pair.DriveFor(StartUpSeconds);
        var sentBefore = bulk.Pair.FromClient.SentBytes;
        const double Seconds = 10;
        var goodput = bulk.Measure(Seconds);
        var sent = (bulk.Pair.FromClient.SentBytes - sentBefore) / Seconds;
        var carried = megabits * 125_000 * (1 - lossRate) * PayloadShare;
        var waste = sent / (goodput / (1 - lossRate) * 1452 / 1391);
        output.WriteLine($"goodput {goodput / 1e6:F2} of {carried / 1e6:F2} MB/s = {goodput / carried:P1}; waste {waste:F3}");
        Assert.True(goodput >= 0.9 * carried, $"{goodput / 1e6:F2} of {carried / 1e6:F2} MB/s.");
        Assert.True(waste <= 1.1, $"Sent {waste:F3} times what was needed.");
    }
}
