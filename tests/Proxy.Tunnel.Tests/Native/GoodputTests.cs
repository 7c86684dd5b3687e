namespace Proxy.Tunnel.Tests.Native;

/// <summary>Under virtual time what a link carries is exact, so it may be asserted.</summary>
public sealed class GoodputTests(ITestOutputHelper output)
{
    /// <summary>Payload of what a link carries, IP and UDP headers included.</summary>
    private const double PayloadShare = 0.935;

    private const double StartUpSeconds = 3;

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
