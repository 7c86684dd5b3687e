namespace Proxy.Tunnel.Tests;

public class SendingTests
{
    [Fact]
    public void A_few_bytes_go_to_the_lane_at_once()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        Assert.True(pair.Client.Send(id, new byte[10_000]));
        Assert.False(pair.Client.Engine.HasUnsent(id));
        pair.DriveFor(1);
        Assert.Equal(0, pair.Client.Streams[id].Drained);
    }

    [Fact]
    public void Each_time_bytes_are_kept_their_drain_is_told_once()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        for (var round = 1; round <= 3; round++)
        {
            Assert.False(pair.Client.Send(id, new byte[500_000]));
            Assert.False(pair.Client.Send(id, new byte[100_000]));
            pair.DriveUntil(() => pair.Client.Streams[id].Drained == round);
            pair.DriveFor(1);
            Assert.Equal(round, pair.Client.Streams[id].Drained);
            Assert.Equal(round * 600_000, pair.Server.Streams[id].Received);
        }
    }

    [Fact]
    public void A_bulk_stream_delays_a_small_one_by_a_few_frames_at_most()
    {
        using var pair = TunnelPair.Ready();
        int bulk = pair.Open(), small = pair.Open();
        pair.Client.Send(bulk, new byte[20_000_000]);
        pair.DriveFor(0.1);
        var inTheLane = pair.Client.Engine.Statistics.BytesSent;
        var before = 0L;
        pair.Server.OnEvent = (_, id) => before = id == small ? pair.Server.Streams[bulk].Received : before;
        Assert.False(pair.Client.Send(small, "quick"u8));
        pair.DriveUntil(() => pair.Server.Streams[small].Received == 5);
        Assert.InRange(before - inTheLane, 0, 2 * TunnelSettings.Default.FrameBytes);
        Assert.True(pair.Client.Engine.HasUnsent(bulk));
    }

    [Fact]
    public void Bulk_streams_share_the_lane()
    {
        using var pair = TunnelPair.Ready();
        int[] ids = [pair.Open(), pair.Open(), pair.Open(), pair.Open()];
        foreach (var id in ids)
        {
            pair.Client.Send(id, new byte[10_000_000]);
        }

        pair.DriveUntil(() => pair.Server.Streams[ids[0]].Received > 4_000_000);
        foreach (var id in ids)
        {
            Assert.InRange(pair.Server.Streams[id].Received, 3_800_000, 4_300_000);
        }
    }

    [Fact]
    public void An_echo_may_send_the_bytes_of_an_event_as_they_are()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        var bytes = Bytes.Random(100_000);
        var echoed = 0;
        pair.Server.OnEvent = (kind, _) =>
        {
            if (kind == TunnelEventKind.Data)
            {
                var log = pair.Server.Streams[id].Bytes;
                pair.Server.Send(id, log.GetBuffer().AsSpan(echoed, (int)log.Length - echoed));
                echoed = (int)log.Length;
            }
        };
        pair.Client.Send(id, bytes);
        pair.DriveUntil(() => pair.Client.Streams[id].Received == bytes.Length);
        Bytes.AssertSame(bytes, pair.Client.Streams[id].Bytes);
    }
}
