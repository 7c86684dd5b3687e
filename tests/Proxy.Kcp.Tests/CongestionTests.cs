namespace Proxy.Kcp.Tests;

public sealed class CongestionTests
{
    private static readonly KcpSettings Congested = KcpSettings.VproxyFast4 with { CongestionWindow = true };

    [Fact]
    public void It_begins_with_one_segment()
    {
        using var pair = new KcpPair(Congested);
        pair.Client.Write(Segments(20));

        pair.FlushClient();

        Assert.Equal(1, pair.Client.Engine.InFlightSegments);
    }

    [Fact]
    public void It_grows_by_one_per_answer_up_to_the_threshold_and_then_slowly()
    {
        using var pair = new KcpPair(Congested);
        pair.Client.Write(Segments(1000));
        List<int> windows = [pair.Client.Engine.CongestionWindowSegments];
        for (var roundTrip = 0; roundTrip < 10; roundTrip++)
        {
            pair.DriveFor(20);
            windows.Add(pair.Client.Engine.CongestionWindowSegments);
        }

        // The threshold is 2. Beyond it an answer adds mss * mss / bytes + mss / 16, and a segment begun counts as a whole one:
        // 2452, 3141, 3695 (4 segments), 4177, 4612, 5013, 5388, 5742, 6079, 6402 (6 segments).
        Assert.Equal([1, 2, 2, 4, 4, 4, 4, 4, 4, 4, 6], windows);
    }

    [Fact]
    public void It_limits_nothing_when_it_is_off()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3);
        pair.Client.Write(Segments(100));

        pair.FlushClient();

        Assert.Equal(100, pair.Client.Engine.InFlightSegments);
    }

    [Fact]
    public void It_never_grows_beyond_the_peers_window()
    {
        using var pair = new KcpPair(Congested with { ReceiveWindowSegments = 3, InitialPeerWindowSegments = 3 });
        pair.Client.Write(Segments(300));

        pair.Drive();

        Assert.InRange(pair.Client.Engine.CongestionWindowSegments, 1, 3);
        Assert.Equal(300 * 1226, pair.Server.ReceivedBytes);
    }

    [Fact]
    public void A_timeout_makes_it_one_again()
    {
        using var pair = Grown();
        pair.ToServer.Lose();
        pair.ToClient.Lose();
        pair.ToServer.LossRate = 1;

        pair.DriveUntil(() => pair.Client.Engine.Statistics.TimeoutResends > 0);

        Assert.Equal(1, pair.Client.Engine.CongestionWindowSegments);
    }

    [Fact]
    public void A_fast_resend_makes_it_half_of_what_is_in_flight_and_what_overtook()
    {
        using var pair = Grown();
        var inFlight = pair.Client.Engine.InFlightSegments;
        pair.ToServer.Lose(0);

        pair.DriveUntil(() => pair.Client.Engine.Statistics.FastResends == 1);

        Assert.InRange(pair.Client.Engine.CongestionWindowSegments, (inFlight / 2) + 1, (inFlight / 2) + 2);
    }

    [Fact]
    public void The_timeouts_of_one_window_halve_the_threshold_once()
    {
        using var pair = Grown(segments: 40);
        pair.ToServer.Lose();
        pair.ToClient.Lose();
        var lost = pair.Client.Engine.InFlightSegments;

        // They were sent one by one and so time out one by one.
        pair.DriveUntil(() => pair.Client.Engine.Statistics.TimeoutResends >= lost);
        pair.DriveUntil(() => pair.Client.Engine.CongestionWindowSegments >= 20, boundMilliseconds: 60);

        Assert.InRange(lost, 40, 50);
    }

    [Fact]
    public void The_largest_mtu_overflows_nothing()
    {
        var settings = Congested with { MtuBytes = 65_535, MaximumReceivedPayloadBytes = 65_535 };
        using var pair = new KcpPair(settings);
        var bytes = Bytes.Random(100 * 65_511);
        pair.Client.Write(bytes);

        pair.Drive();

        Bytes.AssertSame(bytes, pair.Server.Received);
        Assert.InRange(pair.Client.Engine.CongestionWindowSegments, 5, 20);
    }

    private static byte[] Segments(int count) => Bytes.Random(count * 1226);

    private static KcpPair Grown(int segments = 12)
    {
        var pair = new KcpPair(Congested with { SendBufferSegments = 5000 });
        pair.ToServer.BytesPerMillisecond = 1250;
        pair.Client.Write(Segments(5000));
        pair.DriveUntil(() => pair.Client.Engine.CongestionWindowSegments >= segments);
        return pair;
    }
}
