using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class StreamTests
{
    [Fact]
    public void Bytes_go_both_ways()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        byte[] request = Bytes.Random(300_000), answer = Bytes.Random(500_000, seed: 6);
        pair.Client.Send(id, request);
        pair.Server.Send(id, answer);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == request.Length && pair.Client.Streams[id].Received == answer.Length);
        Bytes.AssertSame(request, pair.Server.Streams[id].Bytes);
        Bytes.AssertSame(answer, pair.Client.Streams[id].Bytes);
    }

    [Fact]
    public void Bytes_may_be_sent_before_the_peer_has_answered_the_syn()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Client.Open();
        pair.Client.Send(id, "early"u8);
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams.TryGetValue(id, out var stream) && stream.HasEnded);
        Bytes.AssertSame("early"u8, pair.Server.Streams[id].Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void After_a_half_close_the_other_direction_goes_on(bool clientFinishesFirst)
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        var (first, second) = clientFinishesFirst ? (pair.Client, pair.Server) : (pair.Server, pair.Client);
        first.Send(id, "request"u8);
        first.Finish(id);
        pair.DriveUntil(() => second.Streams[id].HasEnded);
        pair.DriveFor(3);
        var answer = Bytes.Random(200_000);
        second.Send(id, answer);
        second.Finish(id);
        pair.DriveUntil(() => first.Streams[id].HasEnded);
        Bytes.AssertSame("request"u8, second.Streams[id].Bytes);
        Bytes.AssertSame(answer, first.Streams[id].Bytes);
    }

    [Fact]
    public void Data_with_a_fin_in_one_frame_is_delivered_before_the_end()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server);
        pair.Peer.SaySyn(1).SayData(1, 5000, ends: true);
        pair.DriveUntil(() => pair.Side.Streams.TryGetValue(1, out var stream) && stream.HasEnded);
        Assert.Equal(5000, pair.Side.Streams[1].Received);
    }

    [Fact]
    public void Fins_that_cross_end_the_stream_cleanly_at_both_ends()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Send(id, "a"u8);
        pair.Server.Send(id, "b"u8);
        pair.Client.Finish(id);
        pair.Server.Finish(id);
        pair.DriveUntil(() => pair.Client.Streams[id].HasEnded && pair.Server.Streams[id].HasEnded);
        Assert.True(pair.Client.Engine.IsOver(id) && pair.Server.Engine.IsOver(id));
        pair.Client.Release(id);
        pair.Server.Release(id);
        pair.DriveFor(1);
        Assert.Equal((0, 0), (pair.Client.Engine.ActiveStreams, pair.Server.Engine.ActiveStreams));
        Assert.Null(pair.Client.Streams[id].Reset);
        Assert.Null(pair.Server.Streams[id].Reset);
    }

    [Fact]
    public void A_reset_arrives_as_a_reset_behind_what_the_lane_took_and_drops_the_rest()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        Assert.False(pair.Client.Send(id, Bytes.Random(4_000_000)));
        Assert.True(pair.Client.Engine.HasUnsent(id));
        pair.Client.Reset(id);
        pair.DriveUntil(() => pair.Server.Streams[id].Reset is not null);
        Assert.Equal(EndReason.ResetByClient, pair.Server.Streams[id].Reset);
        Assert.Equal(pair.Client.Engine.Statistics.BytesSent, pair.Server.Streams[id].Received);
        Assert.InRange(pair.Server.Streams[id].Received, 1, 40_000);
        Assert.Equal((0, 0), (pair.Client.Engine.ActiveStreams, pair.Server.Engine.ActiveStreams));
    }

    [Fact]
    public void A_servers_reset_is_the_upstreams()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Server.Reset(id);
        pair.DriveUntil(() => pair.Client.Streams[id].Reset is not null);
        Assert.Equal(EndReason.ResetByUpstream, pair.Client.Streams[id].Reset);
    }

    [Fact]
    public void Releasing_a_stream_before_its_end_resets_it()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Server.Finish(id);
        pair.Server.Release(id);
        pair.DriveUntil(() => pair.Client.Streams[id].Reset is not null);
        Assert.Equal(0, pair.Client.Engine.ActiveStreams);
    }

    [Fact]
    public void What_waits_when_a_finished_stream_is_released_still_goes_out()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded);
        var answer = Bytes.Random(3_000_000);
        Assert.False(pair.Server.Send(id, answer));
        pair.Server.Finish(id);
        Assert.True(pair.Server.Engine.IsOver(id));
        pair.Server.Release(id);
        Assert.True(pair.Server.Engine.HasUnsent(id));
        pair.DriveUntil(() => pair.Client.Streams[id].HasEnded);
        Bytes.AssertSame(answer, pair.Client.Streams[id].Bytes);
        Assert.False(pair.Server.Engine.HasUnsent(id));
        Assert.Equal(0, pair.Server.Engine.ActiveStreams);
    }

    [Fact]
    public void Bytes_behind_a_finish_are_dropped()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Send(id, "kept"u8);
        pair.Client.Finish(id);
        Assert.True(pair.Client.Send(id, "late"u8));
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded);
        Bytes.AssertSame("kept"u8, pair.Server.Streams[id].Bytes);
    }

    [Fact]
    public void The_end_of_stream_waits_behind_bytes_that_nobody_took()
    {
        using var pair = TunnelPair.Ready();
        pair.Server.ReadsAtOnce = false;
        var id = pair.Client.Open();
        pair.Client.Send(id, "kept"u8);
        pair.Client.Finish(id);
        pair.DriveFor(2);
        Assert.False(pair.Server.Streams[id].HasEnded);
        Assert.Equal(4, pair.Server.Engine.ReceivedBytesWaiting);
        pair.Server.Read(id);
        pair.Settle();
        Assert.True(pair.Server.Streams[id].HasEnded);
        Bytes.AssertSame("kept"u8, pair.Server.Streams[id].Bytes);
    }

    [Fact]
    public void Ids_are_odd_and_grow()
    {
        using var pair = TunnelPair.Ready();
        Assert.Equal([1, 3, 5], [pair.Open(), pair.Open(), pair.Open()]);
    }

    [Fact]
    public void With_the_last_id_the_tunnel_drains_instead_of_wrapping_around()
    {
        using var pair = TunnelPair.Ready(TunnelSettings.Default with { FirstStreamId = int.MaxValue - 2 });
        pair.Open();
        Assert.True(pair.Client.Engine.CanOpen);
        Assert.Equal(int.MaxValue, pair.Open());
        Assert.False(pair.Client.Engine.CanOpen);
        Assert.Equal(TunnelState.Draining, pair.Client.Engine.State);
        pair.Client.Reset(int.MaxValue);
        pair.Client.Reset(int.MaxValue - 2);
        pair.DriveUntil(() => pair.Client.Closed is not null);
        Assert.Equal(EndReason.Draining, pair.Client.Closed);
    }

    [Fact]
    public void A_peer_that_uses_an_id_again_gets_a_stream_of_its_own()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server);
        pair.Peer.SaySyn(1);
        pair.DriveUntil(() => pair.Side.Streams.ContainsKey(1));
        pair.Side.Send(1, new byte[200_000]);
        pair.Peer.SayReset(1).SaySyn(1).SayData(1, 10);
        pair.DriveUntil(() => pair.Side.Streams[1] is { IsReleased: false, Received: 10 } || pair.Side.Engine.ActiveStreams == 0, 5);
        pair.DriveFor(2);
        Assert.Equal(1, pair.Side.Engine.ActiveStreams);
    }
}
