using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class LifeTests
{
    [Fact]
    public void An_idle_tunnel_has_no_deadline_but_its_keepalive()
    {
        using var pair = TunnelPair.Ready();
        var (sent, now) = (pair.ToServer.Sent + pair.ToClient.Sent, pair.Now);
        Assert.InRange(pair.Client.Deadline(now)!.Value - now, 9_000_000, 10_000_000);
        pair.DriveFor(9);
        Assert.Equal(sent, pair.ToServer.Sent + pair.ToClient.Sent);
    }

    [Fact]
    public void A_quiet_tunnel_asks_and_is_answered()
    {
        using var pair = PeerPair.Ready(TunnelRole.Client);
        pair.DriveFor(10);
        Assert.Equal(["PING 1"], pair.Peer.Heard);
        pair.Peer.SayPing(77);
        pair.DriveFor(1);
        Assert.Equal(["PING 1", "PING-ACK 77"], pair.Peer.Heard);
    }

    [Fact]
    public void Two_idle_engines_keep_each_other_alive()
    {
        using var pair = TunnelPair.Ready();
        pair.DriveFor(3600);
        Assert.Null(pair.Client.Closed);
        Assert.Null(pair.Server.Closed);
    }

    [Fact]
    public void Silence_is_noticed_after_three_missed_pings()
    {
        using var pair = TunnelPair.Ready();
        pair.ToServer.IsDown = pair.ToClient.IsDown = true;
        var begin = pair.Elapsed;
        pair.DriveUntil(() => pair.Client.Closed is not null && pair.Server.Closed is not null);
        Assert.Equal(EndReason.TunnelLost, pair.Client.Closed);
        Assert.Equal(EndReason.TunnelLost, pair.Server.Closed);
        Assert.InRange((pair.Elapsed - begin).TotalSeconds, 24, 26);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_blackout_of_twenty_seconds_with_data_in_flight_is_outlived_and_soon_made_up_for(int seed)
    {
        using var pair = TunnelPair.Ready(random: new Random(seed));
        pair.ToServer.JitterMicroseconds = pair.ToClient.JitterMicroseconds = 5_000;
        var id = pair.Open();
        byte[] up = Bytes.Random(4_000_000), down = Bytes.Random(4_000_000, seed: 6);
        pair.Client.Send(id, up);
        pair.Server.Send(id, down);
        pair.DriveFor(0.010 + (seed * 0.007));
        pair.ToServer.IsDown = pair.ToClient.IsDown = true;
        pair.DriveFor(20);
        pair.ToServer.IsDown = pair.ToClient.IsDown = false;
        pair.DriveUntil(() => pair.Server.Streams[id].Received == up.Length && pair.Client.Streams[id].Received == down.Length, 3);
        Bytes.AssertSame(up, pair.Server.Streams[id].Bytes);
        Bytes.AssertSame(down, pair.Client.Streams[id].Bytes);
    }

    [Fact]
    public void A_blackout_of_thirty_seconds_is_not()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Send(id, new byte[100_000]);
        pair.Settle();
        pair.ToServer.IsDown = pair.ToClient.IsDown = true;
        pair.DriveFor(30);
        Assert.Equal((EndReason.TunnelLost, EndReason.TunnelLost), (pair.Client.Closed, pair.Server.Closed));
    }

    [Fact]
    public void A_second_of_refusals_is_the_end()
    {
        using var pair = TunnelPair.Ready();
        pair.ToServer.IsDown = true;
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.DriveFor(0.9);
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.Settle();
        Assert.Null(pair.Client.Closed);
        pair.DriveFor(0.1);
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.Settle();
        Assert.Equal(EndReason.TunnelLost, pair.Client.Closed);
        Assert.False(pair.Client.Engine.HasUnacknowledged);
    }

    [Fact]
    public void Any_good_datagram_clears_the_refusals()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.Server.Send(id, "alive"u8);
        pair.DriveFor(1);
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.Settle();
        Assert.Null(pair.Client.Closed);
    }

    [Fact]
    public void A_refusal_on_an_idle_tunnel_is_asked_about_at_once()
    {
        using var pair = TunnelPair.Ready();
        pair.Settle();
        pair.ToServer.IsDown = true;
        var sent = pair.Client.Engine.Counters.SegmentsSent;
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.DriveFor(1);
        Assert.InRange(pair.Client.Engine.Counters.SegmentsSent - sent, 4, 100);
    }

    [Fact]
    public void A_refusal_that_the_peer_contradicts_is_forgotten()
    {
        using var pair = TunnelPair.Ready();
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.DriveFor(2);
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.Settle();
        Assert.Null(pair.Client.Closed);
    }

    [Fact]
    public void Garbage_does_not_clear_the_refusals()
    {
        using var pair = TunnelPair.Ready();
        pair.ToServer.IsDown = true;
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.Client.Engine.HandleDatagram(new byte[40], pair.Now);
        pair.DriveFor(1);
        pair.Client.Engine.HandleRefused(pair.Now);
        pair.Settle();
        Assert.Equal(EndReason.TunnelLost, pair.Client.Closed);
    }

    [Fact]
    public void A_server_that_was_restarted_is_noticed_with_its_first_answer()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.DriveFor(1);
        pair.ReplaceRight(new StrangersServer());
        pair.Client.Send(id, "anybody there?"u8);
        pair.DriveUntil(() => pair.Client.Closed is not null, 1);
        Assert.Equal((EndReason.TunnelLost, "the peer was restarted"), (pair.Client.Closed, pair.Client.ClosedText));
    }

    [Fact]
    public void A_client_that_begins_anew_is_noticed_with_its_first_word_and_told_nothing()
    {
        using var pair = TunnelPair.Ready();
        pair.Open();
        var sent = pair.ToClient.Sent;
        using var anew = new TunnelSide(TunnelRole.Client, nowMicroseconds: pair.Now);
        anew.Engine.Start();
        pair.DriveFor(0.01);
        anew.Flush(pair.ToServer, pair.Now);
        pair.DriveUntil(() => pair.Server.Closed is not null, 1);
        Assert.Equal("the peer was restarted", pair.Server.ClosedText);
        Assert.Equal(sent, pair.ToClient.Sent);
    }
}
