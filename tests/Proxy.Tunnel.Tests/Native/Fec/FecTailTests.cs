using System.Buffers;
using Proxy.Kcp;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native.Fec;

/// <summary>What adaptive forward error correction is for, under virtual time: the same seed, with and without.</summary>
public sealed class FecTailTests(ITestOutputHelper output)
{
    private const int WarmUp = 600;
    private const int Requests = 2000;
    private const int Seeds = 3;

    private static readonly NativeTunnelSettings Adaptive = NativeTunnelSettings.Default with { Fec = FecMode.Adaptive };

    /// <summary>The slowest tenth are about those that lost a datagram. What counts is what they take beyond a round trip.</summary>
    [Theory]
    [InlineData(50, 1, 500, 0.9)]
    [InlineData(50, 5, 500, 0.9)]
    [InlineData(100, 2, 500, 0.8)]
    [InlineData(200, 20, 500, 0.9)]
    [InlineData(100, 30, 40_000, 0.8)]
    public void At_five_percent_loss_the_slowest_tenth_is_faster_for_at_most_one_and_a_half_times_the_loss(
        double roundTrip, double everyMilliseconds, int responseBytes, double most)
    {
        var (without, _) = Measure(NativeTunnelSettings.Default, roundTrip, everyMilliseconds, responseBytes);
        var (with, statistics) = Measure(Adaptive, roundTrip, everyMilliseconds, responseBytes);
        output.WriteLine($"beyond the round trip: {without - roundTrip:F1} ms, {with - roundTrip:F1} with it; {statistics}");
        Assert.True(with - roundTrip <= most * (without - roundTrip), $"{with:F1} ms instead of {without:F1}.");
        Assert.True(statistics.DatagramsRecoveredByPeer > 0);
        AssertOverhead(statistics);
    }

    [Fact]
    public void Bulk_at_five_percent_loss_and_200_ms_is_as_fast_as_without()
    {
        // One run differs from the next by a few percent, whatever is sent.
        var without = Enumerable.Range(1, Seeds).Average(seed => Goodput(NativeTunnelSettings.Default, seed));
        var statistics = default(NativeStatistics);
        var with = Enumerable.Range(1, Seeds).Average(seed => Goodput(Adaptive, seed));
        output.WriteLine($"{without / 1e6:F3} MB/s, {with / 1e6:F3} with it; {statistics.FecShardsSent} shards");
        Assert.True(with >= 0.98 * without, $"{with / 1e6:F2} MB/s instead of {without / 1e6:F2}.");
        AssertOverhead(statistics);

        double Goodput(NativeTunnelSettings settings, int seed)
        {
            using var bulk = new Bulk(settings, seed);
            bulk.Pair.WithPath(20, 200, 0.05);
            bulk.Add();
            bulk.Pair.DriveFor(3);
            var goodput = bulk.Measure(15);
            statistics = bulk.Pair.Client.Engine.NativeStatistics;
            return goodput;
        }
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(0.004, 100)]
    [InlineData(0.05, 20)]
    public void A_path_that_loses_little_or_is_short_sees_no_shard(double lossRate, double roundTrip)
    {
        using var requests = new SmallRequests(Adaptive);
        requests.Pair.WithPath(100, roundTrip, lossRate);
        requests.Run(Requests, 3);
        AssertNoShards(requests.Pair);
    }

    [Theory]
    [InlineData(15_000)]
    [InlineData(30_000)]
    [InlineData(60_000)]
    [InlineData(100_000)]
    public void A_queue_that_overflows_on_a_clean_link_is_no_reason_for_shards(int queueBytes)
    {
        using var pair = new NativePair(Adaptive, pool: new SegmentPool(2048, 16 * 1024, ArrayPool<byte>.Shared));
        pair.WithPath(20, 60, 0).WithLink(link => link.Bottleneck.QueueBytes = queueBytes);
        for (var round = 0; round < 20; round++)
        {
            var id = pair.Client.Open();
            pair.Client.Send(id, new byte[400_000]);
            pair.Client.Finish(id);
            pair.DriveFor(0.5);
        }

        Assert.True(pair.FromClient.Overflowed > 0);
        AssertNoShards(pair);
    }

    private static (double SlowestTenth, NativeStatistics Statistics) Measure(
        NativeTunnelSettings settings, double roundTrip, double everyMilliseconds, int responseBytes)
    {
        using var requests = new SmallRequests(settings, responseBytes: responseBytes);
        requests.Pair.WithPath(100, roundTrip, 0.05);
        requests.Run(WarmUp, everyMilliseconds);
        var took = requests.Run(Requests, everyMilliseconds);
        return (took.Skip(Requests * 9 / 10).Average(), requests.Pair.Server.Engine.NativeStatistics);
    }

    private static void AssertOverhead(NativeStatistics statistics) =>
        Assert.True(statistics.FecBytesSent <= 1.5 * statistics.DatagramBytesLost, statistics.ToString());

    private static void AssertNoShards(NativePair pair) =>
        Assert.Equal((0, 0), (pair.Client.Engine.NativeStatistics.FecShardsSent, pair.Server.Engine.NativeStatistics.FecShardsSent));
}
