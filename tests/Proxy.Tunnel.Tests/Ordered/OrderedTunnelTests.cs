using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Tests.Native;

namespace Proxy.Tunnel.Tests.Ordered;

/// <summary>Streams, turns, silences and ends over one ordered stream of bytes.</summary>
public sealed class OrderedTunnelTests
{
    [Fact]
    public void Bytes_and_ends_go_both_ways_and_nothing_is_left()
    {
        using var pair = new OrderedPair();
        var (question, answer) = (Bytes.Random(300_000), Bytes.Random(500_000, seed: 6));
        var id = pair.Client.Open();
        pair.Client.Engine.Send(id, question);
        pair.Client.Engine.FinishSending(id);
        pair.DriveUntil(() => pair.Server.Streams.TryGetValue(id, out var stream) && stream.HasEnded);
        pair.Server.Engine.Send(id, answer);
        pair.Server.Engine.FinishSending(id);
        pair.DriveUntil(() => pair.Client.Streams[id].HasEnded);

        Bytes.AssertSame(question, pair.Server.Streams[id].Bytes);
        Bytes.AssertSame(answer, pair.Client.Streams[id].Bytes);
        pair.Client.Release(id);
        pair.Server.Release(id);
        pair.DriveFor(1);
        Assert.Equal((0, 0L, 0, 0L), (pair.Client.Engine.ActiveStreams, pair.Client.Engine.CreditBytes, pair.Server.Engine.ActiveStreams, pair.Server.Engine.CreditBytes));
        Assert.True(pair.Client.Engine.RoundTripMilliseconds > 0);
    }

    [Fact]
    public void A_reader_that_stops_holds_its_own_window_and_no_other_stream()
    {
        using var pair = new OrderedPair();
        var content = Bytes.Random(2_000_000);
        pair.Server.ReadsAtOnce = false;
        var (stalled, live) = (pair.Client.Open(), pair.Client.Open());
        pair.Client.Engine.Send(stalled, content);
        pair.Client.Engine.Send(live, content);
        pair.DriveUntil(() => pair.Server.Streams.Count == 2);
        pair.Server.Read(live);

        pair.DriveUntil(() => pair.Server.Streams[live].Received == content.Length);
        pair.DriveFor(5);
        Assert.Equal(pair.Server.Settings.FirstWindowBytes, pair.Server.Engine.ReceivedBytesWaiting);

        pair.Server.Read(stalled);
        pair.DriveUntil(() => pair.Server.Streams[stalled].Received == content.Length);
        Bytes.AssertSame(content, pair.Server.Streams[stalled].Bytes);
    }

    [Fact]
    public void A_small_request_does_not_wait_for_the_bulk_before_it()
    {
        using var pair = new OrderedPair();
        var bulk = pair.Client.Open();
        pair.Client.Engine.Send(bulk, Bytes.Random(10_000_000));
        pair.DriveFor(0.5);
        var small = pair.Client.Open();
        pair.Client.Engine.Send(small, Bytes.Random(100));
        var before = pair.Server.Streams[bulk].Received;

        pair.DriveUntil(() => pair.Server.Streams.TryGetValue(small, out var stream) && stream.Received == 100);

        Assert.InRange(pair.Server.Streams[bulk].Received - before, 0, 4 * 64 * 1024);
    }

    [Fact]
    public void A_carrier_that_takes_no_more_is_given_no_more_and_the_owner_is_stopped()
    {
        using var pair = new OrderedPair(delayMicroseconds: 100_000);
        var id = pair.Client.Open();
        Assert.True(pair.Client.Engine.Send(id, Bytes.Random(1000)));
        Assert.False(pair.Client.Engine.Send(id, Bytes.Random(5_000_000)));
        pair.OnMoment = () => Assert.InRange(pair.BytesFromClient, 0, 2 * 64 * 1024);

        pair.DriveUntil(() => pair.Server.Streams.TryGetValue(id, out var stream) && stream.Received == 5_001_000, 300);
        Assert.Equal(1, pair.Client.Streams[id].Drained);
    }

    [Fact]
    public void A_drain_lets_the_streams_end_and_refuses_none_that_crossed_it()
    {
        using var pair = new OrderedPair(delayMicroseconds: 50_000);
        var before = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.ContainsKey(before));
        pair.Server.Engine.Drain();
        var crossing = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.ContainsKey(crossing));
        Assert.False(pair.Client.Engine.CanOpen);
        foreach (var id in new[] { before, crossing })
        {
            pair.Client.Engine.FinishSending(id);
            pair.Server.Engine.FinishSending(id);
        }

        pair.DriveUntil(() => pair.Client.Streams.Values.All(stream => stream.HasEnded) && pair.Server.Streams.Values.All(stream => stream.HasEnded));
        foreach (var id in new[] { before, crossing })
        {
            pair.Client.Release(id);
            pair.Server.Release(id);
        }

        pair.DriveUntil(() => pair.Client.Closed is not null && pair.Server.Closed is not null, 5);
        Assert.Contains(EndReason.Draining, new[] { pair.Client.Closed!.Value, pair.Server.Closed!.Value });
    }

    [Fact]
    public void A_silent_peer_is_suspected_then_trusted_when_heard_and_dead_after_half_a_minute()
    {
        using var pair = new OrderedPair();
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.ContainsKey(id));
        pair.IsCut = true;
        pair.DriveUntil(() => pair.Client.Suspected == 1, 20);
        Assert.False(pair.Client.Engine.CanOpen);

        pair.IsCut = false;
        pair.DriveUntil(() => pair.Client.Trusted == 1, 1);
        Assert.True(pair.Client.Engine.CanOpen);

        pair.IsCut = true;
        pair.DriveUntil(() => pair.Client.Closed is not null, 45);
        Assert.Equal(EndReason.TunnelLost, pair.Client.Closed);
    }

    [Fact]
    public void A_tunnel_without_streams_says_a_word_every_ten_seconds_and_lives()
    {
        using var pair = new OrderedPair();
        var moments = 0;
        pair.OnMoment = () => moments++;
        pair.DriveFor(600);
        Assert.Null(pair.Client.Closed);
        Assert.Null(pair.Server.Closed);
        Assert.InRange(moments, 100, 1000);
    }

    [Fact]
    public void A_lost_carrier_ends_tunnel_and_streams_with_its_text()
    {
        using var pair = new OrderedPair();
        pair.Client.Open();
        pair.DriveFor(0.1);
        pair.Client.Engine.HandleLost("reset", pair.Now);
        pair.Settle();
        Assert.Equal((EndReason.TunnelLost, "reset"), (pair.Client.Closed, pair.Client.ClosedText));
        Assert.False(pair.Client.Engine.HasUnacknowledged);
    }

    [Fact]
    public void Whoever_ends_the_tunnel_tells_the_peer_why()
    {
        using var pair = new OrderedPair();
        pair.Client.Open();
        pair.DriveFor(0.1);
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.DriveUntil(() => pair.Client.Closed is not null, 1);
        Assert.Equal((EndReason.PeerShutDown, EndReason.KilledLocally.Text()), (pair.Client.Closed, pair.Client.ClosedText));
    }

    [Fact]
    public void Last_words_that_the_carrier_does_not_take_are_given_up_after_two_seconds()
    {
        using var pair = new OrderedPair();
        pair.DriveFor(0.1);
        pair.Server.Engine.SetBlocked(true, pair.Now);
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.Settle();
        Assert.Equal(EndReason.KilledLocally, pair.Server.Closed);
        Assert.True(pair.Server.Engine.HasUnacknowledged);
        pair.DriveFor(1.9);
        Assert.True(pair.Server.Engine.HasUnacknowledged);
        pair.DriveFor(0.2);
        Assert.False(pair.Server.Engine.HasUnacknowledged);
    }

    [Fact]
    public void A_reader_of_a_whole_stream_has_its_bytes_after_the_peer_ended_the_tunnel()
    {
        using var pair = new OrderedPair();
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.ContainsKey(id));
        pair.Client.Read(id, isReading: false);
        pair.Client.Engine.FinishSending(id);
        pair.Server.Engine.Send(id, Bytes.Random(1000));
        pair.Server.Engine.FinishSending(id);
        pair.DriveFor(1);
        pair.Server.Engine.Close(EndReason.KilledLocally);
        pair.DriveFor(1);
        Assert.Null(pair.Client.Closed);

        pair.Client.Read(id);
        pair.Settle();
        Bytes.AssertSame(Bytes.Random(1000), pair.Client.Streams[id].Bytes);
        Assert.True(pair.Client.Streams[id].HasEnded);
        Assert.Equal(EndReason.PeerShutDown, pair.Client.Closed);
    }

    [Fact]
    public void A_client_that_says_nothing_after_its_handshake_loses_its_tunnel()
    {
        using var server = new OrderedSide(TunnelRole.Server);
        var due = server.Engine.NextDeadlineMicroseconds(NativeSide.Begin)!.Value;
        server.Engine.HandleDeadline(due);
        server.Flush(_ => { }, due);
        Assert.Equal(EndReason.HandshakeTimeout, server.Closed);
        Assert.Equal(10_000_000, due - NativeSide.Begin);
    }

    [Fact]
    public void The_last_id_begins_a_drain()
    {
        using var pair = new OrderedPair(NativeTunnelSettings.Default with { FirstStreamId = int.MaxValue });
        var id = pair.Client.Open();
        Assert.Equal(int.MaxValue, id);
        Assert.Equal(TunnelState.Draining, pair.Client.Engine.State);
        pair.DriveUntil(() => pair.Server.Streams.ContainsKey(id));
        pair.Client.Reset(id);
        pair.DriveUntil(() => pair.Client.Closed is not null && pair.Server.Closed is not null, 5);
    }
}
