using Proxy.TestKit;

namespace Proxy.Kcp.Tests;

public sealed class WindowTests
{
    private static readonly KcpSettings Small = KcpSettings.VproxyFast3 with
    {
        ReceiveWindowSegments = 8,
        InitialPeerWindowSegments = 8,
    };

    [Fact]
    public void A_reader_that_stops_stops_the_sender()
    {
        using var pair = new KcpPair(Small);
        pair.Server.IsReading = false;
        pair.Client.Write(Bytes.Random(30 * 1226));

        pair.DriveUntil(() => pair.Client.Engine.PeerWindowSegments == 0);
        pair.DriveFor(400);

        Assert.Equal(8, pair.Server.Engine.ReceivedSegments);
        Assert.Equal(0, pair.Server.Engine.WindowSegments);
        Assert.Equal(0, pair.Client.Engine.InFlightSegments);
    }

    [Fact]
    public void A_reader_that_reads_again_tells_and_the_sender_resumes_without_a_probe()
    {
        using var pair = Stopped();
        pair.Server.IsReading = true;
        pair.Server.Read();

        pair.DriveFor(100);

        Assert.Equal(0, pair.Client.Engine.Statistics.ProbesSent);
        Assert.Equal(30 * 1226, pair.Server.ReceivedBytes);
    }

    [Fact]
    public void A_telling_that_is_lost_is_asked_for()
    {
        using var pair = Stopped();
        pair.Server.IsReading = true;
        pair.Server.Read();
        pair.FlushServer();
        pair.ToClient.Lose();

        pair.DriveFor(1000);

        Assert.Equal(1, pair.Client.Engine.Statistics.ProbesSent);
        Assert.Equal(30 * 1226, pair.Server.ReceivedBytes);
    }

    [Fact]
    public void A_closed_window_is_asked_for_ever_more_seldom()
    {
        using var pair = Stopped();
        pair.ToServer.LossRate = 1;
        List<uint> times = [];
        for (var probes = 1; probes <= 5; probes++)
        {
            pair.DriveUntil(() => pair.Client.Engine.Statistics.ProbesSent == probes);
            times.Add(pair.Now);
        }

        var waits = times.Skip(1).Zip(times, (later, earlier) => (int)(later - earlier));

        Assert.Equal([750, 1125, 1687, 2530], waits);
    }

    [Fact]
    public void With_a_closed_window_and_nothing_to_send_there_is_no_timer()
    {
        using var pair = new KcpPair(Small);
        pair.Server.IsReading = false;
        pair.Client.Write(Bytes.Random(8 * 1226));

        pair.Drive();

        Assert.Equal(0, pair.Client.Engine.PeerWindowSegments);
        Assert.Null(pair.Client.Engine.NextDeadlineMilliseconds(pair.Now));
    }

    [Fact]
    public void An_older_datagram_that_arrives_late_does_not_open_the_window_too_far()
    {
        using var pair = new KcpPair(Small);
        pair.Server.IsReading = false;
        pair.Client.Write(Bytes.Random(1226));
        pair.FlushClient();
        pair.Advance(10);
        pair.Settle();
        var early = pair.ToClient.Datagrams.Single();
        pair.ToClient.Lose();
        pair.Client.Write(Bytes.Random(20 * 1226));
        pair.DriveUntil(() => pair.Client.Engine.PeerWindowSegments == 0);

        pair.Client.Engine.HandleDatagram(early, pair.Now);

        Assert.Equal(0, pair.Client.Engine.PeerWindowSegments);
    }

    [Fact]
    public void An_older_datagram_that_arrives_late_does_not_close_the_window()
    {
        using var pair = new KcpPair(Small);
        pair.Client.Write(Bytes.Random(1226));
        pair.FlushClient();
        pair.Advance(10);
        pair.Settle();
        var early = pair.ToClient.Datagrams.Single();
        pair.Client.Write(Bytes.Random(20 * 1226));
        pair.Drive();

        pair.Client.Engine.HandleDatagram(early, pair.Now);

        Assert.Equal(8, pair.Client.Engine.PeerWindowSegments);
    }

    [Fact]
    public void What_is_unread_counts_against_the_window()
    {
        using var pair = new KcpPair(Small);
        pair.Server.IsReading = false;
        pair.Client.Write(Bytes.Random(3 * 1226));
        pair.Drive();
        var push = new KcpSegment(KcpSide.Conversation, KcpCommand.Push, 0, 8, pair.Now, 0, 0, 0);

        Assert.Equal(5, pair.Server.Engine.WindowSegments);
        Assert.Equal(KcpInputStatus.Handled, pair.Server.Engine.HandleDatagram(push with { SequenceNumber = 7 }, pair.Now));
        Assert.Equal(KcpInputStatus.BeyondWindow, pair.Server.Engine.HandleDatagram(push with { SequenceNumber = 8 }, pair.Now));
    }

    [Fact]
    public void Until_the_peer_is_heard_its_window_is_taken_to_be_128()
    {
        using var pair = new KcpPair();
        pair.Client.Write(Bytes.Random(200 * 1226));

        pair.FlushClient();

        Assert.Equal(128, pair.Client.Engine.InFlightSegments);
    }

    [Fact]
    public void What_is_heard_replaces_the_guess_even_if_it_is_less()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3, Small);
        pair.Client.Write(Bytes.Random(1));
        pair.Server.IsReading = false;

        pair.Drive();

        Assert.Equal(7, pair.Client.Engine.PeerWindowSegments);
    }

    [Fact]
    public void A_reader_that_stops_and_goes_at_random_gets_the_stream()
    {
        Property.Check(25, random =>
        {
            var window = random.Next(1, 20);
            var settings = Small with { ReceiveWindowSegments = window, InitialPeerWindowSegments = window };
            using var pair = new KcpPair(settings, random: random);
            foreach (var link in pair.Links)
            {
                link.LossRate = 0.1;
                link.JitterMilliseconds = 10;
            }

            var bytes = Bytes.Random(random, 60_000);
            pair.Client.Write(bytes);
            for (var turn = 0; turn < 10; turn++)
            {
                pair.Server.IsReading = !pair.Server.IsReading;
                pair.Server.Read();
                pair.DriveFor(random.Next(3000));
                Assert.InRange(pair.Server.Pool.RentedBuffers, 0, settings.ReceiveWindowSegments);
            }

            pair.Server.IsReading = true;
            pair.Server.Read();
            pair.Drive();
            Bytes.AssertSame(bytes, pair.Server.Received);
        });
    }

    private static KcpPair Stopped()
    {
        var pair = new KcpPair(Small);
        pair.Server.IsReading = false;
        pair.Client.Write(Bytes.Random(30 * 1226));
        pair.DriveUntil(() => pair.Client.Engine.PeerWindowSegments == 0);
        pair.Settle();
        return pair;
    }
}
