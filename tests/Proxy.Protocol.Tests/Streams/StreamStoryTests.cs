using Proxy.Protocol.Ends;
using Proxy.Protocol.Streams;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Streams;

public sealed class StreamStoryTests
{
    [Fact]
    public void Answer_and_end_that_follow_our_half_close_are_both_delivered()
    {
        var stream = Opened();
        Assert.Equal(StreamEffects.SendFin, stream.FinishLocally());
        Assert.Equal(StreamEffects.Deliver, stream.HandleData());
        Assert.Equal(StreamEffects.DeliverEnd, stream.HandleFin());
        Assert.Equal((StreamState.Dead, EndReason.Completed), (stream.State, stream.End));
        Assert.Equal(StreamEffects.Remove, stream.CloseLocally());
    }

    [Fact]
    public void Request_with_half_close_may_go_out_before_the_answer()
    {
        var stream = default(StreamMachine);
        stream.OpenLocally();
        Assert.True(stream.CanSend);
        Assert.Equal(StreamEffects.SendFin, stream.FinishLocally());
        Assert.False(stream.IsAnswered);
        Assert.Equal(StreamEffects.Opened, stream.HandleSynAck());
        Assert.Equal(StreamState.FinSent, stream.State);
        Assert.Equal(StreamEffects.Deliver, stream.HandleData());
    }

    [Fact]
    public void First_data_after_an_early_half_close_counts_as_the_answer()
    {
        var stream = default(StreamMachine);
        stream.OpenLocally();
        stream.FinishLocally();
        Assert.Equal(StreamEffects.Opened | StreamEffects.Deliver, stream.HandleData());
        Assert.Equal(StreamEffects.None, stream.HandleSynAck());
    }

    [Fact]
    public void First_end_after_an_early_half_close_counts_as_the_answer()
    {
        var stream = default(StreamMachine);
        stream.OpenLocally();
        stream.FinishLocally();
        Assert.Equal(StreamEffects.Opened | StreamEffects.DeliverEnd, stream.HandleFin());
        Assert.Equal(EndReason.Completed, stream.End);
    }

    [Fact]
    public void Peer_that_finished_first_still_gets_our_data_and_our_end()
    {
        var stream = Accepted();
        Assert.Equal(StreamEffects.DeliverEnd, stream.HandleFin());
        Assert.True(stream.CanSend);
        Assert.False(stream.CanReceive);
        Assert.Equal(StreamEffects.SendFin, stream.FinishLocally());
        Assert.Equal(EndReason.Completed, stream.End);
    }

    [Fact]
    public void Both_ends_of_a_simultaneous_half_close_complete()
    {
        var client = Opened();
        var server = Accepted();
        client.FinishLocally();
        server.FinishLocally();
        Assert.Equal(StreamEffects.DeliverEnd, client.HandleFin());
        Assert.Equal(StreamEffects.DeliverEnd, server.HandleFin());
        Assert.Equal((EndReason.Completed, EndReason.Completed), (client.End, server.End));
    }

    [Fact]
    public void Reset_after_both_ends_changes_nothing()
    {
        var stream = Opened();
        stream.FinishLocally();
        stream.HandleFin();
        Assert.Equal(StreamEffects.None, stream.HandleReset());
        Assert.Equal(EndReason.Completed, stream.End);
    }

    [Fact]
    public void Reset_names_who_sent_it()
    {
        var waiting = default(StreamMachine);
        waiting.OpenLocally();
        waiting.HandleReset();
        var opened = Opened();
        opened.HandleReset();
        var accepted = Accepted();
        accepted.HandleReset();
        Assert.Equal((EndReason.Refused, EndReason.ResetByUpstream, EndReason.ResetByClient), (waiting.End, opened.End, accepted.End));
    }

    [Fact]
    public void First_reason_stays_when_the_owner_closes_after_a_reset()
    {
        var stream = Opened();
        stream.ResetLocally(EndReason.ClientTooSlow);
        Assert.Equal(StreamEffects.None, stream.HandleTunnelFailed(EndReason.TunnelLost));
        Assert.Equal(StreamEffects.Remove, stream.CloseLocally());
        Assert.Equal(EndReason.ClientTooSlow, stream.End);
    }

    [Fact]
    public void Data_of_the_peer_behind_its_own_end_breaks_the_stream_only()
    {
        var stream = Accepted();
        stream.HandleFin();
        Assert.True(stream.HandleData().HasFlag(StreamEffects.SendReset));
        Assert.Equal(EndReason.Malformed, stream.End);
    }

    [Fact]
    public void Second_end_of_a_closing_vproxy_stops_our_sending_without_a_frame()
    {
        var stream = Accepted();
        stream.HandleFin();
        Assert.Equal(StreamEffects.DropUnsent | StreamEffects.Abort, stream.HandleFin());
        Assert.Equal(EndReason.ResetByClient, stream.End);
    }

    [Fact]
    public void Pause_toggles_turn_by_turn()
    {
        var stream = Opened();
        Assert.Equal(StreamEffects.StopSending, stream.HandlePauseToggle());
        Assert.True(stream.IsPausedByPeer);
        Assert.Equal(StreamEffects.GoOnSending, stream.HandlePauseToggle());
        Assert.False(stream.IsPausedByPeer);
    }

    [Fact]
    public void Only_a_change_of_our_own_pause_is_sent()
    {
        var stream = Opened();
        Assert.Equal(StreamEffects.None, stream.PauseLocally(pause: false));
        Assert.Equal(StreamEffects.SendPauseToggle, stream.PauseLocally(pause: true));
        Assert.Equal(StreamEffects.None, stream.PauseLocally(pause: true));
        Assert.Equal(StreamEffects.SendPauseToggle, stream.PauseLocally(pause: false));
        Assert.False(stream.IsPausedByUs);
    }

    [Fact]
    public void No_sequence_of_events_breaks_the_invariants_of_a_stream()
    {
        Property.Check(2000, random =>
        {
            var stream = default(StreamMachine);
            var (fins, opened, ends, aborts) = (0, 0, 0, 0);
            for (var step = 0; step < 40; step++)
            {
                var before = stream;
                var effects = StreamTableTests.Apply(ref stream, (StreamTableTests.Event)random.Next(12));
                fins += Count(effects, StreamEffects.SendFin);
                opened += Count(effects, StreamEffects.Opened);
                ends += Count(effects, StreamEffects.DeliverEnd);
                aborts += Count(effects, StreamEffects.Abort);

                Assert.True(stream.State >= before.State, "A state was left backwards.");
                Assert.False(effects.HasFlag(StreamEffects.Deliver) && !before.CanReceive, "Data was delivered behind the end.");
                Assert.True(before.End == EndReason.None || before.End == stream.End, "A later reason replaced the first.");
            }

            Assert.True(fins <= 1 && opened <= 1 && ends <= 1 && aborts <= 1, $"{fins} FIN sent, {opened} opened, {ends} ends, {aborts} aborts.");
            Assert.True(stream.End != EndReason.Completed || aborts == 0, "A completed stream was aborted.");
        });
    }

    private static int Count(StreamEffects effects, StreamEffects one) => effects.HasFlag(one) ? 1 : 0;

    private static StreamMachine Opened()
    {
        var stream = default(StreamMachine);
        Assert.Equal(StreamEffects.SendSyn, stream.OpenLocally());
        Assert.Equal(StreamEffects.Opened, stream.HandleSynAck());
        return stream;
    }

    private static StreamMachine Accepted()
    {
        var stream = default(StreamMachine);
        Assert.Equal(StreamEffects.SendSynAck | StreamEffects.Opened, stream.HandleSyn());
        return stream;
    }
}
