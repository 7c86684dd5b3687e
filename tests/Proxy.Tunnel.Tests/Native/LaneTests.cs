using System.Buffers.Binary;
using Proxy.Kcp;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class LaneTests
{
    [Fact]
    public void Streams_are_spread_over_the_lanes_by_their_ids()
    {
        using var pair = new NativePair();
        var lanes = Enumerable.Range(0, 8).Select(_ => (pair.Client.Open() >> 1) % 8).ToList();
        Assert.Equal(8, lanes.Distinct().Count());
    }

    [Fact]
    public void One_lost_datagram_delays_the_streams_of_one_lane_and_no_others()
    {
        using var pair = new NativePair();
        var ids = Enumerable.Range(0, 8).Select(_ => pair.Client.Open()).ToList();
        pair.DriveFor(1);
        pair.FromClient.Loses = datagram => CarriesLane(datagram, 1 + ((ids[3] >> 1) % 8)) && pair.Now < NativeSide.Begin + 1_005_000;
        foreach (var id in ids)
        {
            // Each in a moment of its own, so that each has its datagram.
            pair.Client.Send(id, Bytes.Random(1000, id));
            pair.DriveFor(0.0001);
        }

        pair.DriveFor(0.0105);
        Assert.Equal(1, pair.FromClient.Lost);
        Assert.All(ids, id => Assert.Equal(id == ids[3] ? 0 : 1000, pair.Server.Streams[id].Received));
        pair.DriveFor(0.5);
        Assert.Equal(1000, pair.Server.Streams[ids[3]].Received);
    }

    [Fact]
    public void The_opener_keeps_off_a_lane_with_a_bulk_stream_while_another_is_free()
    {
        using var pair = new NativePair();
        var bulk = pair.Client.Open();
        pair.Client.Send(bulk, new byte[1_000_000]);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.NotEqual((bulk >> 1) % 8, (pair.Client.Open() >> 1) % 8));
    }

    [Fact]
    public void The_opener_keeps_off_a_lane_on_which_a_bulk_stream_is_received()
    {
        using var pair = new NativePair();
        var bulk = pair.Client.Open();
        pair.DriveFor(0.1);
        pair.Server.Send(bulk, new byte[4_000_000]);
        pair.DriveUntil(() => pair.Client.Streams[bulk].Received > 1_000_000);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.NotEqual((bulk >> 1) % 8, (pair.Client.Open() >> 1) % 8));
    }

    [Fact]
    public void Bulk_streams_on_several_lanes_get_equal_shares()
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(100, 20, 0);
        var ids = Enumerable.Range(0, 5).Select(_ => bulk.Add()).ToList();
        bulk.Pair.DriveFor(5);
        var received = ids.Select(id => (double)bulk.Pair.Server.Streams[id].Received).ToList();
        Assert.InRange(received.Min() / received.Max(), 0.9, 1);
    }

    [Fact]
    public void Bulk_streams_on_one_lane_get_equal_shares()
    {
        using var bulk = new Bulk(NativeTunnelSettings.Default with { UserLanes = 1 });
        bulk.Pair.WithPath(100, 20, 0);
        var ids = Enumerable.Range(0, 5).Select(_ => bulk.Add()).ToList();
        bulk.Pair.DriveFor(5);
        var received = ids.Select(id => (double)bulk.Pair.Server.Streams[id].Received).ToList();
        Assert.InRange(received.Min() / received.Max(), 0.9, 1);
    }

    [Fact]
    public void Bulk_leaves_in_batches_where_the_rate_allows_and_never_by_single_datagrams()
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(1000, 10, 0);
        bulk.Add();
        bulk.Pair.DriveFor(2);
        var (batches, datagrams) = (0, 0);
        bulk.Pair.Client.OnBatch = batch =>
        {
            batches++;
            datagrams += (batch.Bytes + batch.DatagramBytes - 1) / batch.DatagramBytes;
        };
        bulk.Pair.DriveFor(1);
        Assert.True(datagrams >= 16 * batches, $"{datagrams} datagrams in {batches} batches.");
    }

    [Fact]
    public void Out_of_order_bytes_of_all_lanes_stay_within_their_limit_and_everything_arrives()
    {
        const int Limit = 200_000;
        var settings = NativeTunnelSettings.Default with { OutOfOrderBytes = Limit };
        using var pair = new NativePair(settings).WithLink(link => link.LossRate = 0.1);
        var most = 0L;
        pair.OnMoment = () => most = Math.Max(most, pair.Server.Engine.OutOfOrderBytes);
        var sent = new Dictionary<int, byte[]>();
        for (var count = 0; count < 8; count++)
        {
            var id = pair.Client.Open();
            sent[id] = Bytes.Random(600_000, count);
            pair.Client.Send(id, sent[id]);
            pair.Client.Finish(id);
        }

        pair.DriveUntil(() => pair.Server.Streams.Count == 8 && pair.Server.Streams.Values.All(stream => stream.HasEnded));
        Assert.All(sent, entry => Bytes.AssertSame(entry.Value, pair.Server.Streams[entry.Key].Bytes));
        Assert.InRange(most, Limit / 2, Limit + 1500);
        Assert.True(pair.Server.Engine.NativeStatistics.DatagramsUnplaced > 0);
    }

    private static bool CarriesLane(byte[] datagram, int lane) =>
        datagram[20] == 0 && KcpSegment.TryRead(datagram.AsSpan(23), out var segment) && segment.Conversation == lane
        && BinaryPrimitives.ReadUInt16BigEndian(datagram.AsSpan(21)) > 1000;
}
