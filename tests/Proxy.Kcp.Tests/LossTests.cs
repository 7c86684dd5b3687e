namespace Proxy.Kcp.Tests;

public sealed class LossTests
{
    [Fact]
    public void A_lost_segment_is_sent_again_when_its_time_is_over()
    {
        using var pair = new KcpPair();
        pair.Client.Write(1, 2, 3);
        pair.FlushClient();
        pair.ToServer.Lose();

        Assert.Equal(pair.Now + 200, pair.Client.Engine.NextDeadlineMilliseconds(pair.Now));
        pair.Advance(199);
        Assert.Equal(0, pair.FlushClient());
        pair.Advance(1);
        Assert.Equal(1, pair.FlushClient());

        pair.Drive();
        Assert.Equal([1, 2, 3], pair.Server.Received);
        Assert.Equal(1, pair.Client.Engine.Statistics.TimeoutResends);
    }

    [Fact]
    public void A_lost_acknowledgement_is_made_up_for_by_the_next()
    {
        using var pair = new KcpPair();
        pair.Client.Write(1);
        pair.FlushClient();
        pair.Advance(10);
        pair.Settle();
        pair.ToClient.Lose();
        pair.Client.Write(2);

        pair.Drive(boundMilliseconds: 50);

        Assert.Equal([1, 2], pair.Server.Received);
        Assert.Equal(0, pair.Client.Engine.InFlightSegments);
        Assert.Equal(0, pair.Client.Engine.Statistics.Resends);
    }

    [Fact]
    public void A_segment_sent_in_vain_is_answered_again_when_it_comes_twice()
    {
        using var pair = new KcpPair();
        pair.Client.Write(1);
        pair.FlushClient();
        pair.Advance(10);
        pair.Settle();
        pair.ToClient.Lose();

        pair.Drive();

        Assert.Equal([1], pair.Server.Received);
        Assert.Equal(1, pair.Server.Engine.Statistics.Duplicates);
        Assert.Equal(1, pair.Client.Engine.Statistics.TimeoutResends);
        Assert.Equal(0, pair.Client.Engine.InFlightSegments);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_segment_overtaken_often_enough_is_sent_again_at_once(int fastResend)
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3 with { FastResend = fastResend });
        pair.Client.Write(Segments(1));
        pair.FlushClient();
        pair.ToServer.Lose();

        for (var later = 1; later <= fastResend; later++)
        {
            Assert.Equal(0, pair.Client.Engine.Statistics.FastResends);
            SendOneMoreAndHearOfIt(pair);
        }

        Assert.Equal(1, pair.Client.Engine.Statistics.FastResends);
        pair.Drive();
        Assert.Equal((1 + fastResend) * 1226, pair.Server.ReceivedBytes);
        Assert.Equal(0, pair.Client.Engine.Statistics.TimeoutResends);
    }

    [Fact]
    public void One_datagram_with_many_acknowledgements_overtakes_only_once()
    {
        using var pair = new KcpPair();
        pair.Client.Write(Segments(4));
        pair.FlushClient();
        pair.ToServer.Lose(0);
        pair.Advance(10);
        pair.Settle();

        Assert.Equal(1, pair.ToClient.Underway);
        pair.Advance(10);
        pair.Settle();

        Assert.Equal(0, pair.Client.Engine.Statistics.FastResends);
        Assert.Equal(1, pair.Client.Engine.InFlightSegments);
    }

    [Fact]
    public void An_acknowledgement_of_what_was_sent_earlier_says_nothing_about_a_resent_segment()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast4);
        pair.Client.Write(Segments(1));
        pair.FlushClient();
        pair.ToServer.Lose();
        pair.Advance(1);
        pair.Client.Write(Segments(1));
        pair.FlushClient();
        pair.Client.Write(Segments(1));
        pair.ToServer.LatencyMilliseconds = 12;
        pair.FlushClient();

        // The first acknowledgement has it sent again; the second is of one sent before that.
        pair.DriveFor(45);

        Assert.Equal(1, pair.Client.Engine.Statistics.FastResends);
        Assert.Equal(0, pair.Client.Engine.InFlightSegments);
    }

    [Fact]
    public void The_last_segment_is_resent_early_when_nothing_new_is_to_be_sent()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3 with { FastResend = 3, EarlyRetransmit = true });
        pair.Client.Write(Segments(2));
        pair.FlushClient();
        pair.ToServer.Lose(0);

        pair.Drive();

        Assert.Equal(1, pair.Client.Engine.Statistics.EarlyResends);
        Assert.Equal(0, pair.Client.Engine.Statistics.TimeoutResends);
        Assert.Equal(2 * 1226, pair.Server.ReceivedBytes);
    }

    [Fact]
    public void Nothing_is_resent_early_while_there_is_something_new()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3 with { FastResend = 3, EarlyRetransmit = true });
        pair.Client.Write(Segments(2));
        pair.FlushClient();
        pair.ToServer.Lose(0);
        pair.DriveFor(19);
        pair.Client.Engine.Send(Segments(1));
        pair.Advance(1);

        pair.Settle();

        Assert.Equal(0, pair.Client.Engine.Statistics.EarlyResends);
        Assert.Equal(2, pair.Client.Engine.InFlightSegments);
    }

    [Theory]
    [InlineData(KcpNoDelay.Off, new[] { 225, 400, 800, 1600 })]
    [InlineData(KcpNoDelay.Fast, new[] { 200, 300, 450, 675 })]
    [InlineData(KcpNoDelay.Faster, new[] { 200, 300, 400, 500 })]
    public void The_timeout_grows_as_the_mode_says(KcpNoDelay noDelay, int[] waits)
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3 with { NoDelay = noDelay });
        pair.ToServer.LossRate = 1;
        pair.Client.Write(1);
        pair.FlushClient();

        foreach (var wait in waits)
        {
            Assert.Equal(pair.Now + (uint)wait, pair.Client.Engine.NextDeadlineMilliseconds(pair.Now));
            pair.Advance(wait);
            Assert.Equal(1, pair.FlushClient());
        }
    }

    [Fact]
    public void A_segment_sent_twenty_times_makes_the_link_dead_and_the_engine_goes_on()
    {
        using var pair = new KcpPair();
        pair.ToServer.LossRate = 1;
        pair.Client.Write(1);

        pair.DriveUntil(() => pair.Client.Engine.IsDead);

        Assert.Equal(20, pair.Client.Engine.Statistics.SegmentsSent);
        pair.ToServer.LossRate = 0;
        pair.Drive(boundMilliseconds: 2_000_000);
        Assert.Equal([1], pair.Server.Received);
        Assert.True(pair.Client.Engine.IsDead);
    }

    [Fact]
    public void A_link_is_never_dead_when_the_settings_say_so()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3 with { DeadLinkTransmissions = 0 });
        pair.ToServer.LossRate = 1;
        pair.Client.Write(1);

        pair.DriveUntil(() => pair.Client.Engine.Statistics.SegmentsSent > 25, boundMilliseconds: 10_000_000);

        Assert.False(pair.Client.Engine.IsDead);
    }

    [Fact]
    public void A_segment_is_resent_fast_five_times_and_then_only_by_timeout()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast4 with { MinimumRtoMilliseconds = 5000 });
        pair.Client.Write(Segments(1));
        pair.FlushClient();
        pair.ToServer.Lose();
        SendOneMoreAndHearOfIt(pair, loseResend: true);
        for (var later = 0; later < 8; later++)
        {
            SendOneMoreAndHearOfIt(pair, loseResend: true);
        }

        Assert.Equal(5, pair.Client.Engine.Statistics.FastResends);
    }

    [Fact]
    public void A_segment_that_was_resent_fast_is_counted_anew()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3 with { MinimumRtoMilliseconds = 5000 });
        pair.Client.Write(Segments(1));
        pair.FlushClient();
        pair.ToServer.Lose();
        SendOneMoreAndHearOfIt(pair);
        SendOneMoreAndHearOfIt(pair, loseResend: true);
        Assert.Equal(1, pair.Client.Engine.Statistics.FastResends);

        SendOneMoreAndHearOfIt(pair);
        Assert.Equal(1, pair.Client.Engine.Statistics.FastResends);

        SendOneMoreAndHearOfIt(pair);
        Assert.Equal(2, pair.Client.Engine.Statistics.FastResends);
    }

    private static byte[] Segments(int count) => Bytes.Random(count * 1226);

    private static void SendOneMoreAndHearOfIt(KcpPair pair, bool loseResend = false)
    {
        pair.Advance(1);
        pair.Client.Write(Segments(1));
        pair.FlushClient();
        pair.Advance(10);
        pair.Settle();
        pair.Advance(10);
        pair.Settle();
        if (loseResend)
        {
            pair.ToServer.Lose();
        }
    }
}
