using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class RefusalTests
{
    [Fact]
    public void A_stream_beyond_the_most_is_refused_before_it_is_answered()
    {
        using var pair = TunnelPair.Ready(serverSettings: TunnelSettings.Default with { MaximumStreams = 2 });
        pair.Open();
        pair.Open();
        var third = pair.Client.Open();
        pair.DriveUntil(() => pair.Client.Streams[third].Reset is not null);
        Assert.Equal(EndReason.Refused, pair.Client.Streams[third].Reset);
        Assert.False(pair.Client.Streams[third].IsOpen);
        Assert.Equal((2, 1L), (pair.Server.Engine.ActiveStreams, pair.Server.Engine.Statistics.StreamsRefused));
    }

    [Fact]
    public void A_client_does_not_open_more_streams_than_it_may()
    {
        using var pair = TunnelPair.Ready(TunnelSettings.Default with { MaximumStreams = 2 });
        var first = pair.Open();
        pair.Open();
        Assert.False(pair.Client.Engine.CanOpen);
        pair.Client.Reset(first);
        Assert.True(pair.Client.Engine.CanOpen);
    }

    [Fact]
    public void Streams_that_are_opened_faster_than_the_budget_are_refused()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server, TunnelSettings.Default with { MaximumStreams = 10, OpensPerSecond = 5 });
        pair.Side.OnEvent = (kind, id) =>
        {
            if (kind == TunnelEventKind.StreamOpened)
            {
                pair.Side.Reset(id);
            }
        };
        for (var id = 1; id < 40; id += 2)
        {
            pair.Peer.SaySyn(id);
        }

        pair.DriveFor(1);
        Assert.Equal((10L, 10L), (pair.Side.Engine.Statistics.StreamsOpened, pair.Side.Engine.Statistics.StreamsRefused));
        pair.Peer.SaySyn(41);
        pair.DriveFor(1);
        Assert.Equal(11, pair.Side.Engine.Statistics.StreamsOpened);
    }

    [Fact]
    public void Data_of_an_unknown_stream_is_answered_by_one_reset()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server);
        pair.Peer.SayData(9, 3000).SayData(9, 3000);
        pair.DriveFor(1);
        pair.Peer.SayData(9, 3000);
        pair.DriveFor(1);
        Assert.Equal(["RST 9"], pair.Peer.Heard);
    }

    [Fact]
    public void Nothing_else_of_an_unknown_stream_is_answered()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server);
        pair.Peer.SayFin(9).SayReset(9).SayPauseToggle(9);
        pair.DriveFor(1);
        Assert.Empty(pair.Peer.Heard);
        Assert.Null(pair.Side.Closed);
    }

    [Fact]
    public void Data_that_crosses_our_reset_is_not_answered_again()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server);
        pair.Peer.SaySyn(1);
        pair.DriveUntil(() => pair.Side.Streams.ContainsKey(1));
        pair.Side.Reset(1);
        pair.Peer.SayData(1, 100_000 / 2).SayFin(1);
        pair.DriveFor(1);
        Assert.Equal(["SYN 1", "RST 1"], pair.Peer.Heard);
    }

    [Fact]
    public void A_late_answer_to_a_stream_that_was_given_up_is_not_answered_again()
    {
        using var pair = PeerPair.Ready(TunnelRole.Client);
        var id = pair.Side.Open();
        pair.Side.Reset(id);
        pair.Peer.SaySyn(id);
        pair.DriveFor(1);
        Assert.Equal(["SYN 1", "RST 1"], pair.Peer.Heard);
        Assert.Equal(0, pair.Side.Engine.Statistics.StreamsRefused);
    }

    [Fact]
    public void A_client_refuses_a_stream_that_it_never_opened()
    {
        using var pair = PeerPair.Ready(TunnelRole.Client);
        pair.Peer.SaySyn(2).SaySyn(2);
        pair.DriveFor(1);
        Assert.Equal(["RST 2"], pair.Peer.Heard);
        Assert.Equal(0, pair.Side.Engine.ActiveStreams);
    }

    [Fact]
    public void A_peer_that_provokes_too_many_answers_loses_its_tunnel()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server, TunnelSettings.Default with { RepliesPerSecond = 50 });
        for (var ping = 1; ping <= 51; ping++)
        {
            pair.Peer.SayPing(ping);
        }

        pair.DriveFor(1);
        Assert.Equal((EndReason.Malformed, "the peer provokes too many answers"), (pair.Side.Closed, pair.Side.ClosedText));
    }

    [Fact]
    public void A_peer_that_takes_no_answers_cannot_make_them_pile_up()
    {
        using var pair = PeerPair.Ready(TunnelRole.Server, TunnelSettings.Default with { MaximumControlFrames = 2000, KeepAlivePeriod = TimeSpan.FromHours(1) });
        pair.Peer.IsDeaf = true;
        for (var second = 0; second < 120 && pair.Side.Closed is null; second++)
        {
            for (var ping = 0; ping < 900; ping++)
            {
                pair.Peer.SayPing(ping);
            }

            pair.DriveFor(1.0);
        }

        Assert.Equal(EndReason.Malformed, pair.Side.Closed);
    }

    [Fact]
    public void Clients_that_give_up_by_the_thousand_cost_nobody_the_tunnel()
    {
        using var pair = TunnelPair.Ready();
        for (var round = 0; round < 100; round++)
        {
            for (var stream = 0; stream < 30; stream++)
            {
                pair.Client.Reset(pair.Client.Open());
            }

            pair.DriveFor(0.02);
        }

        pair.DriveFor(1);
        Assert.Null(pair.Client.Closed);
        Assert.Null(pair.Server.Closed);
        Assert.Equal((0, 0), (pair.Client.Engine.ActiveStreams, pair.Server.Engine.ActiveStreams));
    }
}
