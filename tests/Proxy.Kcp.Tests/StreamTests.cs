namespace Proxy.Kcp.Tests;

public sealed class StreamTests
{
    [Fact]
    public void Bytes_arrive_in_order_and_both_engines_go_idle()
    {
        using var pair = new KcpPair();
        var bytes = Bytes.Random(100_000);

        pair.Client.Write(bytes);
        pair.Drive();

        Bytes.AssertSame(bytes, pair.Server.Received);
        Assert.Equal(0, pair.Client.Engine.InFlightSegments);
        Assert.Null(pair.Client.Engine.NextDeadlineMilliseconds(pair.Now));
        Assert.Null(pair.Server.Engine.NextDeadlineMilliseconds(pair.Now));
    }

    [Fact]
    public void Both_directions_carry_at_once()
    {
        using var pair = new KcpPair();
        var up = Bytes.Random(300_000, seed: 1);
        var down = Bytes.Random(200_000, seed: 2);

        pair.Client.Write(up);
        pair.Server.Write(down);
        pair.Drive();

        Bytes.AssertSame(up, pair.Server.Received);
        Bytes.AssertSame(down, pair.Client.Received);
    }

    [Fact]
    public void Small_writes_share_a_segment_until_it_is_sent()
    {
        using var pair = new KcpPair();
        pair.Client.Write(1, 2);
        pair.Client.Write(3);

        Assert.Equal(1, pair.FlushClient());
        pair.Client.Write(4);

        Assert.Equal(1, pair.Client.Engine.QueuedSegments);
        pair.Drive();
        Assert.Equal([1, 2, 3, 4], pair.Server.Received);
        Assert.Equal(2, pair.Client.Engine.Statistics.SegmentsSent);
    }

    [Fact]
    public void Writing_nothing_sends_nothing()
    {
        using var pair = new KcpPair();

        Assert.Equal(0, pair.Client.Engine.Send([]));

        Assert.Equal(0, pair.FlushClient());
    }

    [Fact]
    public void No_more_is_taken_than_the_send_buffer_holds()
    {
        var settings = KcpSettings.VproxyFast3 with { SendBufferSegments = 3 };
        using var pair = new KcpPair(settings);
        var engine = pair.Client.Engine;
        var bytes = Bytes.Random(10_000);

        Assert.Equal(3 * 1226, engine.Send(bytes));
        Assert.Equal(0, engine.Send(bytes));
        Assert.Equal(0, engine.FreeSendSegments);
        pair.Drive();

        Assert.Equal(3, engine.FreeSendSegments);
        Bytes.AssertSame(bytes[..(3 * 1226)], pair.Server.Received);
    }

    [Fact]
    public void No_more_is_in_flight_than_the_send_window()
    {
        using var pair = new KcpPair(KcpSettings.VproxyFast3 with { SendWindowSegments = 5 });
        pair.Client.Write(Bytes.Random(20 * 1226));

        pair.FlushClient();

        Assert.Equal(5, pair.Client.Engine.InFlightSegments);
        Assert.Equal(15, pair.Client.Engine.QueuedSegments);
        pair.Drive();
        Assert.Equal(20 * 1226, pair.Server.ReceivedBytes);
    }

    [Fact]
    public void A_segment_without_data_is_no_part_of_the_stream()
    {
        using var pair = new KcpPair();
        var datagram = new byte[24];
        new KcpSegment(KcpSide.Conversation, KcpCommand.Push, 0, 128, 0, 0, 0, 0).Write(datagram);

        Assert.Equal(KcpInputStatus.Handled, pair.Server.Engine.HandleDatagram(datagram, pair.Now));

        Assert.False(pair.Server.Engine.TryPeekReceived(out _));
        Assert.Equal(1u, pair.Server.Engine.ReceiveNext);
        Assert.Equal(0, pair.Server.Pool.RentedBuffers);
    }

    [Fact]
    public void What_was_queued_before_the_mtu_fell_still_arrives()
    {
        using var pair = new KcpPair();
        var bytes = Bytes.Random(5 * 1226);
        pair.Client.Write(bytes);

        pair.Client.Engine.SetMtu(600);
        pair.Client.Write(bytes);
        pair.Drive();

        Bytes.AssertSame([.. bytes, .. bytes], pair.Server.Received);
        Assert.Equal(5 + 11, pair.Client.Engine.Statistics.SegmentsSent);
    }
}
