namespace Proxy.Kcp.Tests;

public sealed class WrapAroundTests
{
    private static readonly KcpSettings NearTheEnd = KcpSettings.VproxyFast3 with { InitialSequenceNumber = uint.MaxValue - 9 };

    [Fact]
    public void Numbers_wrap_around_in_the_middle_of_a_window()
    {
        using var pair = new KcpPair(NearTheEnd);
        var bytes = Bytes.Random(40 * 1226);
        pair.Client.Write(bytes);

        pair.Drive();

        Bytes.AssertSame(bytes, pair.Server.Received);
        Assert.Equal(30u, pair.Server.Engine.ReceiveNext);
        Assert.Equal(30u, pair.Client.Engine.SendUnacknowledged);
        Assert.Equal(0, pair.Client.Engine.Statistics.Resends);
    }

    [Fact]
    public void A_segment_before_the_wrap_that_is_lost_is_resent_fast_for_those_after_it()
    {
        using var pair = new KcpPair(NearTheEnd with { FastResend = 1 });
        pair.Client.Write(Bytes.Random(10 * 1226));
        pair.FlushClient();
        pair.ToServer.Lose(9);
        pair.Client.Write(Bytes.Random(5 * 1226));

        pair.Drive();

        Assert.Equal(1, pair.Client.Engine.Statistics.FastResends);
        Assert.Equal(0, pair.Client.Engine.Statistics.TimeoutResends);
        Assert.Equal(15 * 1226, pair.Server.ReceivedBytes);
    }

    [Fact]
    public void Duplicates_from_before_the_wrap_are_known_as_such()
    {
        using var pair = new KcpPair(NearTheEnd);
        pair.Client.Write(Bytes.Random(5 * 1226));
        pair.FlushClient();
        var early = pair.ToServer.Datagrams.ToArray();
        pair.Client.Write(Bytes.Random(20 * 1226));
        pair.Drive();

        foreach (var datagram in early)
        {
            pair.Server.Engine.HandleDatagram(datagram, pair.Now);
        }

        Assert.Equal(5, pair.Server.Engine.Statistics.Duplicates);
        Assert.Equal(25 * 1226, pair.Server.ReceivedBytes);
    }

    [Fact]
    public void The_clock_wraps_around_while_an_answer_is_waited_for()
    {
        using var pair = new KcpPair(clockOrigin: uint.MaxValue - 4);
        pair.Client.Write(1);
        pair.Drive();

        Assert.Equal(20, pair.Client.Engine.SmoothedRoundTripMilliseconds);
    }

    [Fact]
    public void The_clock_wraps_around_before_a_segment_is_to_be_sent_again()
    {
        using var pair = new KcpPair(clockOrigin: uint.MaxValue - 99);
        pair.Client.Write(1);
        pair.FlushClient();
        pair.ToServer.Lose();

        Assert.Equal(100u, pair.Client.Engine.NextDeadlineMilliseconds(pair.Now));
        pair.Advance(199);
        Assert.Equal(0, pair.FlushClient());
        pair.Advance(1);
        Assert.Equal(1, pair.FlushClient());
    }

    [Fact]
    public void The_clock_wraps_around_while_a_window_is_closed()
    {
        var small = KcpSettings.VproxyFast3 with { ReceiveWindowSegments = 4, InitialPeerWindowSegments = 4 };
        using var pair = new KcpPair(small, clockOrigin: uint.MaxValue - 299);
        pair.Server.IsReading = false;
        pair.Client.Write(Bytes.Random(10 * 1226));
        pair.DriveFor(250);
        pair.ToServer.LossRate = 1;

        pair.DriveFor(200);
        Assert.Equal(0, pair.Client.Engine.Statistics.ProbesSent);

        pair.DriveFor(100);
        Assert.Equal(1, pair.Client.Engine.Statistics.ProbesSent);
    }
}
