using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class EndTests
{
    [Fact]
    public void A_malformed_datagram_has_no_effect()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.ToServer.KeepsHistory = true;
        pair.Client.Send(id, "good"u8);
        pair.Settle();
        var good = pair.ToServer.History[0];
        foreach (var bad in new[] { [], good[..10], good[..^1], [.. good, 0], [1, .. good[1..]] })
        {
            pair.Server.Engine.HandleDatagram(bad, pair.Now);
        }

        Assert.Equal(5, pair.Server.Engine.Statistics.DatagramsMalformed);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == 4);
    }

    [Theory]
    [InlineData("000000 63 00 00000001", "unknown frame type")]
    [InlineData("000000 04 00 00000000", "SETTINGS after the handshake")]
    [InlineData("000000 00 08 00000001", "unknown flags")]
    [InlineData("000000 01 00 00000000", "stream id is missing")]
    [InlineData("FFFFFF 00 00 00000001", "payload too long")]
    [InlineData("000014 00 04 00000001 1F8B0800000000000000030000000000FF000000", "compressed data is corrupt")]
    public void A_malformed_frame_ends_the_tunnel_and_says_why(string frame, string why)
    {
        using var pair = PeerPair.Ready(TunnelRole.Server);
        pair.Peer.SaySyn(1).SayBytes(Bytes.Hex(frame)).SayData(1, 10);
        pair.DriveUntil(() => pair.Side.Closed is not null);
        pair.DriveFor(1);
        Assert.Equal(EndReason.Malformed, pair.Side.Closed);
        Assert.StartsWith(why, pair.Side.ClosedText, StringComparison.Ordinal);
        Assert.StartsWith("GOAWAY " + why, Assert.Single(pair.Peer.Heard), StringComparison.Ordinal);
        Assert.Equal(0, pair.Side.Streams[1].Received);
        Assert.Equal(TunnelState.Closed, pair.Side.Engine.State);
    }

    [Fact]
    public void Closing_tells_the_peer_with_a_reason()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server);
        pair.Side.Engine.Close(EndReason.KilledLocally);
        pair.DriveFor(1);
        Assert.Equal(EndReason.KilledLocally, pair.Side.Closed);
        Assert.Equal(["GOAWAY killed locally"], pair.Peer.Heard);
    }

    [Fact]
    public void A_close_leaves_no_half_frame_before_its_goaway()
    {
        using var pair = PeerPair.Ready(TunnelRole.Client);
        pair.FromLeft.IsDown = true;
        for (var stream = 0; stream < 8000; stream++)
        {
            pair.Side.Open();
            if (stream % 500 == 0)
            {
                pair.Settle();
            }
        }

        pair.Side.Engine.Close(EndReason.KilledLocally);
        pair.FromLeft.IsDown = false;
        pair.DriveFor(2);
        Assert.Equal("GOAWAY killed locally", pair.Peer.Heard[^1]);
        Assert.All(pair.Peer.Heard.SkipLast(1), heard => Assert.StartsWith("SYN", heard, StringComparison.Ordinal));
    }

    [Fact]
    public void A_goaway_that_gets_lost_is_said_again_until_it_is_acknowledged()
    {
        using var pair = TunnelPair.Ready();
        pair.Open();
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.Settle();
        pair.ToClient.Lose();
        Assert.True(pair.Server.Engine.HasUnacknowledged);
        pair.DriveUntil(() => pair.Client.Closed is not null, 1);
        Assert.Equal((EndReason.PeerShutDown, "killed locally"), (pair.Client.Closed, pair.Client.ClosedText));
        pair.DriveFor(0.1);
        Assert.False(pair.Server.Engine.HasUnacknowledged);
        Assert.Null(pair.Server.Deadline(pair.Now));
    }

    [Fact]
    public void Last_words_to_nobody_are_given_up()
    {
        using var pair = TunnelPair.Ready();
        pair.ToClient.IsDown = true;
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.DriveFor(2.1);
        var sent = pair.ToClient.Sent;
        Assert.False(pair.Server.Engine.HasUnacknowledged);
        pair.DriveFor(2);
        Assert.Equal(sent, pair.ToClient.Sent);
    }

    [Fact]
    public void A_goaway_ends_the_tunnel_with_all_its_streams()
    {
        using var pair = TunnelPair.Ready();
        pair.Open();
        pair.Open();
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.DriveUntil(() => pair.Client.Closed is not null);
        Assert.Equal(EndReason.PeerShutDown, pair.Client.Closed);
        Assert.Equal((0, 0), (pair.Client.Engine.ActiveStreams, pair.Server.Engine.ActiveStreams));
        Assert.False(pair.Client.Engine.CanOpen);
        Assert.True(pair.Client.Send(1, "late"u8));
    }

    [Fact]
    public void A_reader_of_a_complete_stream_takes_its_bytes_after_the_goaway()
    {
        using var pair = TunnelPair.Ready();
        int complete = pair.Open(), other = pair.Open();
        pair.Client.Read(complete, false);
        var bytes = Bytes.Random(200_000);
        pair.Server.Send(complete, bytes);
        pair.Server.Finish(complete);
        pair.Client.Finish(complete);
        pair.DriveFor(1);
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.DriveFor(1);
        Assert.Equal(EndReason.PeerShutDown, pair.Client.Streams[other].Reset);
        Assert.Null(pair.Client.Closed);
        Assert.False(pair.Client.Engine.CanOpen);
        pair.Client.Read(complete);
        pair.Settle();
        Bytes.AssertSame(bytes, pair.Client.Streams[complete].Bytes);
        Assert.True(pair.Client.Streams[complete].HasEnded);
        Assert.Equal(EndReason.PeerShutDown, pair.Client.Closed);
    }

    [Fact]
    public void A_reader_that_takes_nothing_holds_the_tunnels_end_for_five_seconds_at_most()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Read(id, false);
        pair.Server.Send(id, new byte[1000]);
        pair.Server.Finish(id);
        pair.Client.Finish(id);
        pair.DriveFor(1);
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.DriveFor(4.9);
        Assert.Null(pair.Client.Closed);
        pair.DriveFor(0.2);
        Assert.Equal(EndReason.PeerShutDown, pair.Client.Closed);
        Assert.Equal(0, pair.Client.Engine.ReceivedBytesWaiting);
    }

    [Fact]
    public void A_drained_tunnel_without_streams_closes_at_once()
    {
        using var pair = TunnelPair.Ready();
        pair.Server.Engine.Drain();
        pair.Settle();
        Assert.Equal(EndReason.Draining, pair.Server.Closed);
        pair.DriveUntil(() => pair.Client.Closed is not null);
        Assert.Equal((EndReason.PeerShutDown, "drained"), (pair.Client.Closed, pair.Client.ClosedText));
    }

    [Fact]
    public void A_draining_server_serves_what_it_has_refuses_what_is_new_and_closes_with_the_last()
    {
        using var pair = TunnelPair.Ready();
        var served = pair.Open();
        pair.Server.Engine.Drain();
        var late = pair.Client.Open();
        pair.DriveUntil(() => pair.Client.Streams[late].Reset is not null);
        Assert.Equal(EndReason.Refused, pair.Client.Streams[late].Reset);
        Assert.False(pair.Client.Streams[late].IsOpen);

        var answer = Bytes.Random(1_000_000);
        pair.Server.Send(served, answer);
        pair.Server.Finish(served);
        pair.Client.Finish(served);
        pair.DriveUntil(() => pair.Server.Streams[served].HasEnded);
        pair.Server.Release(served);
        pair.DriveUntil(() => pair.Client.Streams[served].HasEnded);
        Bytes.AssertSame(answer, pair.Client.Streams[served].Bytes);
        pair.Client.Release(served);
        pair.DriveUntil(() => pair.Client.Closed is not null && pair.Server.Closed is not null);
        Assert.Equal((EndReason.PeerShutDown, EndReason.Draining), (pair.Client.Closed, pair.Server.Closed));
    }

    [Fact]
    public void A_drained_tunnel_waits_until_its_last_bytes_have_arrived()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded);
        pair.Server.Engine.Drain();
        pair.Server.Send(id, "last"u8);
        pair.Server.Finish(id);
        pair.Server.Release(id);
        pair.Settle();
        pair.ToClient.Lose();
        Assert.Equal((0, TunnelState.Draining), (pair.Server.Engine.ActiveStreams, pair.Server.Engine.State));
        pair.DriveUntil(() => pair.Server.Closed is not null, 2);
        Bytes.AssertSame("last"u8, pair.Client.Streams[id].Bytes);
    }

    [Fact]
    public void A_draining_client_opens_nothing_more()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Engine.Drain();
        Assert.False(pair.Client.Engine.CanOpen);
        pair.Client.Reset(id);
        pair.DriveUntil(() => pair.Server.Closed is not null);
        Assert.Equal(EndReason.Draining, pair.Client.Closed);
    }

    [Fact]
    public void A_disposed_engine_takes_and_gives_nothing()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Send(id, new byte[1_000_000]);
        pair.Server.Send(id, new byte[1_000_000]);
        pair.DriveFor(0.015);
        var engine = pair.Client.Engine;
        engine.Dispose();
        engine.HandleDatagram(new byte[24], pair.Now);
        engine.Send(id, "x"u8);
        engine.Close(EndReason.KilledLocally);
        engine.HandleRefused(pair.Now);
        Assert.False(engine.TryGetEvent(pair.Now, out _));
        Assert.False(engine.TryGetDatagram(pair.Now, new byte[1250], out _));
        Assert.Null(engine.NextDeadlineMicroseconds(pair.Now));
        Assert.False(engine.CanOpen || engine.HasEvents || engine.HasUnacknowledged);
    }
}
