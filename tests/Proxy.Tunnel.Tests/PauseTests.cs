using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class PauseTests
{
    // What was under way when the peer was asked to pause: the lane's window and its backlog.
    private const int UnderWayBytes = (1024 + 32) * 1226;

    [Fact]
    public void A_stalled_reader_stops_its_own_stream_alone_and_loses_nothing()
    {
        using var pair = TunnelPair.Ready();
        int stalled = pair.Open(), other = pair.Open();
        byte[] held = Bytes.Random(20_000_000), free = Bytes.Random(5_000_000, seed: 6);
        pair.Server.Read(stalled, false);
        pair.Client.Send(stalled, held);
        pair.Client.Finish(stalled);
        pair.DriveFor(5);
        pair.Client.Send(other, free);
        pair.DriveUntil(() => pair.Server.Streams[other].Received == free.Length);
        var waiting = pair.Server.Engine.ReceivedBytesWaiting;
        Assert.InRange(waiting, TunnelSettings.Default.PauseAtBytes, TunnelSettings.Default.PauseAtBytes + UnderWayBytes);
        Assert.Equal(1, pair.Server.Engine.Statistics.PauseToggles);
        Assert.InRange(pair.Server.Pool.PeakRentedBytes, waiting, 4 * (TunnelSettings.Default.PauseAtBytes + UnderWayBytes));

        pair.Server.Read(stalled);
        pair.DriveUntil(() => pair.Server.Streams[stalled].HasEnded);
        Bytes.AssertSame(held, pair.Server.Streams[stalled].Bytes);
        Bytes.AssertSame(free, pair.Server.Streams[other].Bytes);
        Assert.Equal(0, pair.Server.Engine.ReceivedBytesWaiting);
    }

    [Fact]
    public void A_paused_stream_that_both_ends_have_finished_goes_on_when_its_reader_does()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded);
        pair.Client.Read(id, false);
        var answer = Bytes.Random(6_000_000);
        pair.Server.Send(id, answer);
        pair.Server.Finish(id);
        pair.Server.Release(id);
        pair.DriveFor(5);
        Assert.Equal(1, pair.Server.Engine.ActiveStreams);
        pair.Client.Read(id);
        pair.DriveUntil(() => pair.Client.Streams[id].HasEnded);
        Bytes.AssertSame(answer, pair.Client.Streams[id].Bytes);
        Assert.Equal(0, pair.Server.Engine.ActiveStreams);
    }

    [Fact]
    public void A_reset_by_the_paused_reader_frees_a_released_stream()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded);
        pair.Client.Read(id, false);
        pair.Server.Send(id, new byte[6_000_000]);
        pair.Server.Finish(id);
        pair.Server.Release(id);
        pair.DriveFor(5);
        pair.Client.Reset(id);
        pair.DriveFor(1);
        Assert.Equal((0, 0), (pair.Client.Engine.ActiveStreams, pair.Server.Engine.ActiveStreams));
    }

    [Fact]
    public void A_reader_may_stop_and_go_between_two_events()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        var bytes = Bytes.Random(3_000_000);
        var events = 0;
        pair.Server.OnEvent = (kind, _) =>
        {
            if (kind == TunnelEventKind.Data && ++events % 3 == 0)
            {
                pair.Server.Read(id, false);
            }
        };
        pair.Client.Send(id, bytes);
        while (pair.Server.Streams[id].Received < bytes.Length)
        {
            pair.DriveFor(0.02);
            pair.Server.Read(id);
        }

        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
    }

    [Fact]
    public void A_sender_that_does_not_pause_is_reset_at_the_limit_of_its_stream()
    {
        var settings = TunnelSettings.Default with { PauseAtBytes = 20_000, ResumeAtBytes = 5_000, StreamReceiveLimitBytes = 100_000 };
        using var pair = PeerPair.Ready(TunnelRole.Server, settings);
        pair.Side.ReadsAtOnce = false;
        pair.Peer.SaySyn(1);
        for (var frame = 0; frame < 20; frame++)
        {
            pair.Peer.SayData(1, 10_000);
        }

        pair.DriveUntil(() => pair.Side.Streams.TryGetValue(1, out var stream) && stream.Reset is not null);
        pair.DriveFor(1);
        Assert.Equal(EndReason.UpstreamTooSlow, pair.Side.Streams[1].Reset);
        Assert.Equal(0, pair.Side.Engine.ReceivedBytesWaiting);
        Assert.Equal(1, pair.Side.Engine.Statistics.StreamsOverrun);
        Assert.Equal(["SYN 1", "PAUSE 1", "RST 1"], pair.Peer.Heard);
        Assert.Null(pair.Side.Closed);
    }

    [Fact]
    public void At_the_limit_of_the_tunnel_the_stream_that_holds_most_is_reset()
    {
        var settings = TunnelSettings.Default with { PauseAtBytes = 20_000, ResumeAtBytes = 5_000, TunnelReceiveLimitBytes = 100_000 };
        using var pair = PeerPair.Ready(TunnelRole.Server, settings);
        pair.Side.ReadsAtOnce = false;
        pair.Peer.SaySyn(1).SaySyn(3).SaySyn(5);
        pair.Peer.SayData(1, 20_000).SayData(3, 50_000).SayData(5, 40_000);
        pair.DriveUntil(() => pair.Side.Engine.Statistics.StreamsOverrun > 0);
        pair.DriveFor(1);
        Assert.Equal(EndReason.UpstreamTooSlow, pair.Side.Streams[3].Reset);
        Assert.Null(pair.Side.Streams[1].Reset);
        Assert.Null(pair.Side.Streams[5].Reset);
        Assert.Equal(60_000, pair.Side.Engine.ReceivedBytesWaiting);
    }

    [Fact]
    public void Many_slow_readers_of_a_peer_that_pauses_lose_nothing()
    {
        var settings = TunnelSettings.Default with { TunnelReceiveLimitBytes = 8_000_000 };
        using var pair = TunnelPair.Ready(settings);
        pair.Server.ReadsAtOnce = false;
        var ids = Enumerable.Range(0, 60).Select(_ => pair.Open()).ToArray();
        foreach (var id in ids)
        {
            pair.Client.Send(id, new byte[400_000]);
        }

        pair.DriveFor(5);
        Assert.InRange(pair.Server.Engine.ReceivedBytesWaiting, 4_000_000, 8_000_000);
        foreach (var id in ids)
        {
            pair.Server.Read(id);
        }

        pair.DriveUntil(() => ids.All(id => pair.Server.Streams[id].Received == 400_000));
        Assert.Equal(0, pair.Server.Engine.Statistics.StreamsOverrun);
    }
}
