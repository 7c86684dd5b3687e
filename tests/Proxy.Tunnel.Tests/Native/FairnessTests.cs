using Proxy.Tunnel.Tests.Native.Congestion;

namespace Proxy.Tunnel.Tests.Native;

public sealed class FairnessTests(ITestOutputHelper output)
{
    private const double LinkBytesPerSecond = 12_500_000;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 0.02)]
    public void Two_tunnels_share_a_link(double secondStartsAfter, double lossRate)
    {
        var bottleneck = new Bottleneck { BytesPerSecond = LinkBytesPerSecond, QueueBytes = 1_000_000 };
        using var first = Make(bottleneck, lossRate, 1);
        using var second = Make(bottleneck, lossRate, 2);
        first.Add();
        Drive(first, second, null, secondStartsAfter);
        second.Add();
        Drive(first, second, null, 15);
        var (a, b) = (first.Received, second.Received);
        Drive(first, second, null, 15);
        double x = first.Received - a, y = second.Received - b;
        var jain = (x + y) * (x + y) / (2 * ((x * x) + (y * y)));
        output.WriteLine($"{x / 15e6:F2} and {y / 15e6:F2} MB/s, Jain's index {jain:F3}");
        Assert.True(jain >= 0.9, $"{x / 15e6:F2} and {y / 15e6:F2} MB/s, Jain's index {jain:F3}");
        Assert.True((x + y) / 15 > 0.85 * LinkBytesPerSecond * (1 - lossRate));
    }

    [Theory]
    [InlineData(300_000)]
    [InlineData(1_000_000)]
    public void A_tunnel_beside_a_tcp_flow_neither_starves_nor_is_starved(int queueBytes)
    {
        var bottleneck = new Bottleneck { BytesPerSecond = LinkBytesPerSecond, QueueBytes = queueBytes };
        using var tunnel = Make(bottleneck, 0, 1);
        var flow = new TcpFlow(bottleneck, 40_000, NativeSide.Begin);
        tunnel.Add();
        Drive(tunnel, null, flow, 20);
        var (a, b) = (tunnel.Received, flow.Delivered);
        Drive(tunnel, null, flow, 30);
        double x = tunnel.Received - a, y = flow.Delivered - b;
        output.WriteLine($"tunnel {x / 30e6:F2}, TCP {y / 30e6:F2} MB/s");
        Assert.InRange(x / (x + y), 0.1, 0.9);
    }

    private static Bulk Make(Bottleneck bottleneck, double lossRate, int seed)
    {
        var bulk = new Bulk(seed: seed);
        bulk.Pair.WithLink(link =>
        {
            link.DelayMicroseconds = 20_000;
            link.LossRate = lossRate;
        });
        bulk.Pair.FromClient.Bottleneck = bottleneck;
        return bulk;
    }

    /// <summary>One clock for all who share the bottleneck.</summary>
    private static void Drive(Bulk first, Bulk? second, TcpFlow? flow, double seconds)
    {
        var end = first.Pair.Now + (long)(seconds * 1_000_000);
        first.Pair.Settle();
        second?.Pair.Settle();
        var now = first.Pair.Now;
        while (now < end)
        {
            var next = Math.Min(first.Pair.NextMoment() ?? end, second?.Pair.NextMoment() ?? end);
            now = Math.Min(end, Math.Min(next, flow is null ? end : (long)Math.Min(end, Math.Ceiling(flow.NextMicroseconds))));
            first.Pair.MoveTo(now);
            second?.Pair.MoveTo(now);
            flow?.Run(now);
        }
    }
}
