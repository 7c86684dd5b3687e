namespace Proxy.Tunnel.Tests.Native;

public sealed class SmallRequestTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.02, 1)]
    [InlineData(0, 4)]
    public void Small_requests_stay_below_three_round_trips_while_bulk_fills_the_tunnel(double lossRate, int bulkStreams)
    {
        const double RoundTripMilliseconds = 50;
        const int Requests = 1000;
        using var bulk = new Bulk();
        var pair = bulk.Pair.WithPath(100, RoundTripMilliseconds, lossRate);
        for (var count = 0; count < bulkStreams; count++)
        {
            bulk.Add();
        }

        pair.DriveFor(4);
        var begun = new Dictionary<int, long>();
        var took = new List<double>();
        pair.Server.OnEvent = (kind, id) =>
        {
            if (kind == TunnelEventKind.EndOfStream && begun.ContainsKey(id))
            {
                pair.Server.Send(id, new byte[500]);
                pair.Server.Finish(id);
            }
        };
        var fill = pair.Client.OnEvent;
        pair.Client.OnEvent = (kind, id) =>
        {
            fill(kind, id);
            if (kind == TunnelEventKind.EndOfStream)
            {
                took.Add((pair.Now - begun[id]) / 1000.0);
                pair.Client.Release(id);
                pair.Server.Release(id);
            }
        };
        for (var count = 0; count < Requests; count++)
        {
            var id = pair.Client.Open();
            begun[id] = pair.Now;
            pair.Client.Send(id, new byte[300]);
            pair.Client.Finish(id);
            pair.DriveFor(0.005);
        }

        pair.DriveFor(2);
        Assert.Equal(Requests, took.Count);
        took.Sort();
        output.WriteLine($"p50 {took[Requests / 2]:F1}, p99 {took[Requests * 99 / 100]:F1}, most {took[^1]:F1} ms");
        Assert.InRange(took[Requests * 99 / 100], RoundTripMilliseconds, 3 * RoundTripMilliseconds);
    }
}
