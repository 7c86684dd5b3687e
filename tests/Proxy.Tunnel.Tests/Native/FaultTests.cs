using Proxy.Protocol.Ends;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class FaultTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(20)]
    public void A_blackout_is_survived_and_traffic_is_back_soon_after_it(double seconds)
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(100, 50, 0.01);
        var id = bulk.Add();
        bulk.Pair.DriveFor(4);
        bulk.Pair.WithLink(link => link.IsDown = true);
        bulk.Pair.DriveFor(seconds);
        bulk.Pair.WithLink(link => link.IsDown = false);
        var before = bulk.Received;
        bulk.Pair.DriveUntil(() => bulk.Received > before, boundSeconds: 1.3);
        bulk.Pair.DriveFor(1);
        Assert.Equal(1, bulk.Pair.Client.Suspected);
        Assert.Equal(1, bulk.Pair.Client.Trusted);
        Assert.True(bulk.Measure(3) > 0.85 * 0.935 * 12_500_000);
        Assert.Null(bulk.Pair.Server.Streams[id].Reset);
    }

    [Fact]
    public void Half_a_minute_of_silence_with_something_unanswered_ends_the_tunnel_at_both_ends()
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        pair.DriveFor(1);
        pair.WithLink(link => link.IsDown = true);
        pair.Client.Send(id, new byte[100]);
        pair.DriveFor(29);
        Assert.Null(pair.Client.Closed);
        Assert.True(pair.Client.Engine.IsSuspect);
        Assert.False(pair.Client.Engine.CanOpen);
        pair.DriveFor(2);
        Assert.Equal(EndReason.TunnelLost, pair.Client.Closed);

        // The server had nothing to say: its keepalive finds out.
        pair.DriveFor(15);
        Assert.Equal(EndReason.TunnelLost, pair.Server.Closed);
    }

    [Fact]
    public void An_idle_tunnel_lives_on_a_ping_in_ten_seconds_and_has_no_other_timer()
    {
        using var pair = new NativePair();
        pair.DriveFor(5);
        var sent = pair.FromClient.Sent + pair.FromServer.Sent;
        pair.DriveFor(600);
        Assert.Null(pair.Client.Closed);
        Assert.InRange(pair.FromClient.Sent + pair.FromServer.Sent - sent, 3 * 50, 4 * 70);
        Assert.Equal(0, pair.Client.Suspected + pair.Server.Suspected);
    }

    [Fact]
    public void Everything_duplicated_changes_nothing()
    {
        using var pair = new NativePair().WithLink(link => link.DuplicationRate = 1);
        AssertEcho(pair, 20);
        Assert.Equal(0, pair.Client.Engine.NativeStatistics.DatagramsSpurious);
        Assert.Equal(0, pair.Client.Engine.NativeStatistics.SegmentsResent);
        Assert.True(pair.Server.Engine.NativeStatistics.DatagramsRepeated > 100);
    }

    [Fact]
    public void Reordering_of_a_tenth_is_learned_and_hardly_resends()
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(100, 50, 0).WithLink(link => link.ReorderRate = 0.1);
        bulk.Add();
        bulk.Pair.DriveFor(3);
        var before = bulk.Pair.Client.Engine.NativeStatistics;
        var goodput = bulk.Measure(5);
        var after = bulk.Pair.Client.Engine.NativeStatistics;
        Assert.True(goodput > 0.9 * 0.935 * 12_500_000, $"{goodput / 1e6:F2} MB/s");
        Assert.InRange(after.SegmentsResent - before.SegmentsResent, 0, (after.SegmentsSent - before.SegmentsSent) / 100);
    }

    [Fact]
    public void Reordering_and_duplication_and_loss_together_lose_no_byte()
    {
        using var pair = new NativePair().WithLink(link =>
        {
            link.LossRate = 0.05;
            link.DuplicationRate = 0.2;
            link.ReorderRate = 0.1;
            link.ReorderMicroseconds = 30_000;
            link.JitterMicroseconds = 3_000;
        });
        AssertEcho(pair, 30);
    }

    [Fact]
    public void A_path_that_becomes_narrower_mid_flow_loses_no_byte_and_stalls_no_second()
    {
        using var pair = new NativePair().WithPath(50, 40, 0.01);
        var bytes = Bytes.Random(20_000_000);
        var id = pair.Client.Open();
        pair.Client.Send(id, bytes);
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams.GetValueOrDefault(id)?.Received > 5_000_000);
        Assert.Equal(1452, pair.Client.Engine.PresentDatagramBytes);
        pair.WithLink(link => link.MaximumBytes = 1200);
        var before = pair.Server.Streams[id].Received;
        pair.DriveFor(0.05);
        before = pair.Server.Streams[id].Received;
        pair.DriveUntil(() => pair.Server.Streams[id].Received > before, boundSeconds: 1);
        Assert.Equal(1200, pair.Client.Engine.PresentDatagramBytes);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded, boundSeconds: 20);
        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
        Assert.Equal(1, pair.Client.Engine.NativeStatistics.BlackHoles);
        Assert.Contains(pair.Client.News, news => news.Kind == TunnelEventKind.SizeChanged && news.Text.Contains("get through", StringComparison.Ordinal));
        Assert.Contains(pair.Client.News, news => news.Kind == TunnelEventKind.SizeChanged && news.Text.Contains("down to 1200", StringComparison.Ordinal));
    }

    [Fact]
    public void Refusals_for_a_second_end_the_tunnel_without_a_word()
    {
        using var pair = new NativePair();
        pair.DriveFor(1);
        pair.WithLink(link => link.IsDown = true);
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.DriveFor(0.6);
        pair.Client.Engine.HandleRefused(pair.Now);
        Assert.Null(pair.Client.Closed);
        pair.DriveFor(0.6);
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.DriveFor(0);
        Assert.Equal(EndReason.TunnelLost, pair.Client.Closed);
        Assert.False(pair.Client.Engine.HasUnacknowledged);
    }

    [Fact]
    public void A_process_that_was_stopped_hears_what_arrived_before_it_judges()
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        pair.DriveFor(1);
        pair.Client.Send(id, new byte[100]);
        pair.DriveFor(0.0001);
        var late = pair.Now + 40_000_000;
        pair.Client.Engine.HandleDeadline(late);
        Assert.Null(pair.Client.Closed);
        Assert.True(pair.Client.Engine.NextDeadlineMicroseconds(late) <= late + 2_000);
        Assert.Equal(0, pair.Client.Engine.NativeStatistics.ProbesSent);
    }

    private static void AssertEcho(NativePair pair, int streams)
    {
        var sent = new Dictionary<int, byte[]>();
        for (var count = 0; count < streams; count++)
        {
            var id = pair.Client.Open();
            sent[id] = Bytes.Random(20_000 + (count * 5_000), count);
            pair.Client.Send(id, sent[id]);
            pair.Client.Finish(id);
        }

        pair.Server.OnEvent = (kind, id) =>
        {
            if (kind == TunnelEventKind.EndOfStream)
            {
                pair.Server.Send(id, sent[id]);
                pair.Server.Finish(id);
            }
        };
        pair.DriveUntil(() => pair.Client.Streams.Values.All(stream => stream.HasEnded));
        Assert.All(sent, entry => Bytes.AssertSame(entry.Value, pair.Client.Streams[entry.Key].Bytes));
    }
}
