namespace Proxy.Tunnel.Tests.Native.Congestion;

/// <summary>Who shares a link with whom, and what each gets of it: the controller alone, over many links.</summary>
public sealed class SharingTests(ITestOutputHelper output)
{
    private const int Seeds = 3;

    /// <summary>The second begins when the first has long had everything.</summary>
    [Theory]
    [InlineData(50, 20, 0.02, 2_097_152, 5)]
    [InlineData(50, 20, 0, 125_000, 5)]
    [InlineData(50, 20, 0, 62_500, 5)]
    [InlineData(200, 50, 0.01, 2_097_152, 10)]
    [InlineData(200, 50, 0.05, 600_000, 10)]
    [InlineData(200, 100, 0.1, 2_097_152, 10)]
    [InlineData(20, 200, 0.03, 2_097_152, 20)]
    [InlineData(20, 200, 0, 250_000, 20)]
    [InlineData(5, 40, 0, 25_000, 15)]
    [InlineData(100, 5, 0.01, 200_000, 10)]
    public void A_late_starter_has_its_half_within_seconds(double megabits, double roundTrip, double lossRate, int queueBytes, double within)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            foreach (var stallMicroseconds in new[] { 0, 6_000 })
            {
                var link = new SharedLink(megabits, queueBytes);
                AddTunnel(link, roundTrip, lossRate, 0, (2 * seed) - 1, stallMicroseconds);
                AddTunnel(link, roundTrip, lossRate, 5, 2 * seed, stallMicroseconds);
                link.DriveFor(5 + within);
                AssertShared(link, lossRate, $"seed {seed}, stalls of {stallMicroseconds} us");
            }
        }
    }

    [Theory]
    [InlineData(50, 20, 40, 125_000, 0)]
    [InlineData(50, 40, 20, 2_097_152, 0.02)]
    [InlineData(100, 20, 60, 500_000, 0)]
    [InlineData(100, 60, 20, 500_000, 0)]
    public void Unlike_round_trips_get_the_same(double megabits, double roundTrip, double otherRoundTrip, int queueBytes, double lossRate)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var link = new SharedLink(megabits, queueBytes);
            AddTunnel(link, roundTrip, lossRate, 0, (2 * seed) - 1);
            AddTunnel(link, otherRoundTrip, lossRate, 5, 2 * seed);
            link.DriveFor(20);
            AssertShared(link, lossRate, $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(100, 40, 500_000)]
    [InlineData(100, 40, 2_000_000)]
    public void Five_who_begin_one_after_the_other_get_a_fifth_each(double megabits, double roundTrip, int queueBytes)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var link = new SharedLink(megabits, queueBytes);
            for (var number = 0; number < 5; number++)
            {
                AddTunnel(link, roundTrip, 0, 2 * number, (5 * seed) + number);
            }

            link.DriveFor(20);
            AssertShared(link, 0, $"seed {seed}");
        }
    }

    /// <summary>Queues of half to four times what the link has under way. Where they are shorter TCP cannot fill the link by itself either.</summary>
    [Theory]
    [InlineData(100, 40, false)]
    [InlineData(100, 40, true)]
    [InlineData(50, 20, false)]
    [InlineData(50, 20, true)]
    [InlineData(20, 100, false)]
    [InlineData(20, 100, true)]
    public void Beside_a_tcp_flow_each_gets_a_fifth_at_least(double megabits, double roundTrip, bool isCubic)
    {
        foreach (var products in new[] { 0.5, 1, 2, 4 })
        {
            foreach (var (tunnelStart, flowStart) in new[] { (0, 5), (5, 0) })
            {
                var link = new SharedLink(megabits, products * megabits * 125 * roundTrip);
                AddTunnel(link, roundTrip, 0, tunnelStart, seed: 1);
                link.Add(new TcpFlow(link.Bottleneck, roundTrip * 1000, SharedLink.Begin + (flowStart * 1_000_000), isCubic));
                link.DriveFor(20);
                var rates = link.Measure(40);
                var share = rates[0] / rates.Sum();
                output.WriteLine($"queue of {products}, tunnel from {tunnelStart} s: {share:P0}");
                Assert.InRange(share, 0.2, 0.8);
                Assert.True(rates.Sum() > 0.95 * link.CarriedBytesPerSecond(0));
            }
        }
    }

    private void AssertShared(SharedLink link, double lossRate, string what)
    {
        var rates = link.Measure(20);
        var jain = SharedLink.Jain(rates);
        var told = $"{what}: Jain's index {jain:F3}, {string.Join(", ", rates.Select(rate => $"{rate / 1e6:F2}"))} MB/s";
        output.WriteLine(told);
        Assert.True(jain >= 0.9, told);
        Assert.True(rates.Sum() >= 0.94 * link.CarriedBytesPerSecond(lossRate), told);
    }

    private static void AddTunnel(SharedLink link, double roundTrip, double lossRate, double startSeconds, int seed, int stallMicroseconds = 0) =>
        link.Add(new ControlledFlow(
            link.Bottleneck, roundTrip * 1000, lossRate, SharedLink.Begin + (startSeconds * 1_000_000), seed, stallMicroseconds: stallMicroseconds));
}
