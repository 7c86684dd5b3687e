using Proxy.TestKit;

namespace Proxy.Kcp.Tests;

public sealed class ExternalTests
{
    private static readonly KcpSettings External = new()
    {
        Acknowledgement = KcpAcknowledgement.External,
        CongestionWindow = false,
        SendWindowSegments = 1000,
        ReceiveWindowSegments = 1000,
        SendBufferSegments = 1000,
        MtuBytes = 1250,
        InitialPeerWindowSegments = 1000,
    };

    private readonly CountingPool _pool = new();
    private readonly byte[] _buffer = new byte[1250];

    [Fact]
    public void Segments_come_one_by_one_with_their_numbers()
    {
        using var engine = Engine();
        engine.Send(new byte[1226 + 1]);

        Assert.Equal(1250, engine.NextSegmentBytes(0));
        Assert.True(engine.TryGetSegment(0, _buffer, out var first));
        Assert.Equal(25, engine.NextSegmentBytes(0));
        Assert.True(engine.TryGetSegment(0, _buffer, out var second));
        Assert.Equal(0, engine.NextSegmentBytes(0));
        Assert.False(engine.TryGetSegment(0, _buffer, out _));

        Assert.Equal(new KcpOutput(1250, KcpCommand.Push, 0), first);
        Assert.Equal(new KcpOutput(25, KcpCommand.Push, 1), second);
    }

    [Fact]
    public void What_is_first_unacknowledged_is_sent_again_before_what_was_lost_earlier()
    {
        using var engine = Engine();
        engine.Send(new byte[1226 * 4]);
        for (var count = 0; count < 4; count++)
        {
            engine.TryGetSegment(0, _buffer, out _);
        }

        engine.Lost(2);
        engine.Lost(3);
        engine.Lost(0);
        var numbers = new List<uint>();
        while (engine.TryGetSegment(0, _buffer, out var output))
        {
            numbers.Add(output.SequenceNumber);
        }

        Assert.Equal([0u, 2u, 3u], numbers);
        engine.Lost(0);
        Assert.True(engine.TryGetSegment(0, _buffer, out var again));
        Assert.Equal(0u, again.SequenceNumber);
        Assert.False(engine.TryGetSegment(0, _buffer, out _));
    }

    [Fact]
    public void A_segment_that_does_not_fit_stays_due()
    {
        using var engine = Engine();
        engine.Send(new byte[100]);

        Assert.False(engine.TryGetSegment(0, _buffer.AsSpan(0, 123), out _));

        Assert.Equal(124, engine.NextSegmentBytes(0));
        Assert.True(engine.TryGetSegment(0, _buffer.AsSpan(0, 124), out _));
    }

    [Fact]
    public void There_is_no_timeout_and_no_answer()
    {
        using var engine = Engine();
        engine.Send([1]);
        engine.TryGetSegment(0, _buffer, out _);
        engine.HandleDatagram(Push(0, una: 0), 0);

        Assert.Null(engine.NextDeadlineMilliseconds(0));
        Assert.False(engine.TryGetSegment(1_000_000, _buffer, out _));
        Assert.Equal(1, engine.InFlightSegments);
    }

    [Fact]
    public void An_acknowledgement_segment_is_refused()
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.BadCommand, engine.HandleDatagram(Push(0, una: 0) with { Command = KcpCommand.Acknowledge }, 0));
    }

    [Fact]
    public void What_is_acknowledged_is_freed_in_any_order()
    {
        using var engine = Sent(segments: 4);

        Assert.True(engine.Acknowledged(2));
        Assert.Equal(0u, engine.SendUnacknowledged);
        Assert.True(engine.Acknowledged(0));
        Assert.Equal(1u, engine.SendUnacknowledged);
        Assert.True(engine.Acknowledged(1));
        Assert.Equal(3u, engine.SendUnacknowledged);

        Assert.Equal(1, _pool.RentedBuffers);
        Assert.Equal(1, engine.InFlightSegments);
    }

    [Fact]
    public void What_is_acknowledged_twice_or_was_never_sent_changes_nothing()
    {
        using var engine = Sent(segments: 2);
        engine.Acknowledged(1);

        Assert.False(engine.Acknowledged(1));
        Assert.False(engine.Acknowledged(2));
        Assert.False(engine.Acknowledged(uint.MaxValue));
        Assert.False(engine.Acknowledged(0x80000000));
        Assert.False(engine.Lost(1));
        Assert.False(engine.Lost(2));

        Assert.Equal(1, engine.InFlightSegments);
        Assert.Equal(0, engine.NextSegmentBytes(0));
    }

    [Fact]
    public void What_is_lost_is_sent_again_ahead_of_new_data_and_once()
    {
        using var engine = Sent(segments: 3);
        engine.Send(new byte[1226]);

        Assert.True(engine.Lost(1));
        Assert.False(engine.Lost(1));

        Assert.True(engine.TryGetSegment(5, _buffer, out var again));
        Assert.True(engine.TryGetSegment(5, _buffer, out var fresh));
        Assert.False(engine.TryGetSegment(5, _buffer, out _));
        Assert.Equal(1u, again.SequenceNumber);
        Assert.Equal(3u, fresh.SequenceNumber);
        Assert.Equal(1, engine.Statistics.ReportedResends);
        Assert.True(engine.Lost(1));
    }

    [Fact]
    public void What_is_acknowledged_while_it_waits_to_be_sent_again_is_not_sent()
    {
        using var engine = Sent(segments: 3);
        engine.Lost(0);
        engine.Lost(1);
        engine.Acknowledged(0);

        Assert.True(engine.TryGetSegment(5, _buffer, out var again));

        Assert.Equal(1u, again.SequenceNumber);
        Assert.False(engine.TryGetSegment(5, _buffer, out _));
    }

    [Fact]
    public void Una_frees_as_well()
    {
        using var engine = Sent(segments: 3);

        engine.HandleDatagram(Push(0, una: 2), 5);

        Assert.Equal(2u, engine.SendUnacknowledged);
        Assert.Equal(1, engine.InFlightSegments);
    }

    [Fact]
    public void Data_that_was_dropped_must_not_be_acknowledged()
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.BeyondWindow, engine.HandleDatagram(Push(1000, una: 0), 0));
    }

    [Fact]
    public void A_reader_tells_its_window_each_quarter_of_it()
    {
        using var engine = Engine();
        var told = 0;
        for (var number = 0u; number < 2000; number++)
        {
            engine.HandleDatagram(Push(number, una: 0), 0, payloadBytes: 1);
            Assert.True(engine.TryPeekReceived(out _));
            engine.AdvanceReceived();
            while (engine.TryGetSegment(0, _buffer, out var output))
            {
                Assert.Equal(KcpCommand.TellWindow, output.Command);
                told++;
            }
        }

        Assert.Equal(8, told);
    }

    [Fact]
    public void The_calls_of_one_kind_of_acknowledgement_are_a_mistake_with_the_other()
    {
        using var external = Engine();
        using var own = new KcpEngine(3, KcpSettings.VproxyFast3, _pool);

        Assert.Throws<InvalidOperationException>(() => external.TryGetDatagram(0, _buffer, out _));
        Assert.Throws<InvalidOperationException>(() => own.TryGetSegment(0, _buffer, out _));
        Assert.Throws<InvalidOperationException>(() => own.Acknowledged(0));
        Assert.Throws<InvalidOperationException>(() => own.Lost(0));
    }

    [Fact]
    public void The_stream_survives_everything_at_once()
    {
        Property.Check(25, random =>
        {
            var settings = External with
            {
                ReceiveWindowSegments = random.Next(1, 300),
                SendWindowSegments = random.Next(1, 300),
                SendBufferSegments = random.Next(1, 300),
                InitialPeerWindowSegments = random.Next(1, 300),
                InitialSequenceNumber = (uint)random.Next(-200, 1),
            };
            var toServer = BadLink(random);
            var toClient = BadLink(random);
            using var client = new ExternalSide(settings, toServer, toClient);
            using var server = new ExternalSide(settings, toClient, toServer);
            client.Start();
            server.Start();
            var up = Bytes.Random(random, random.Next(200_000));
            var down = Bytes.Random(random, random.Next(200_000));
            client.Write(up);
            server.Write(down);

            for (var now = 0L; !(client.IsIdle && server.IsIdle && toServer.Underway + toClient.Underway == 0); now++)
            {
                Assert.True(now < 600_000, "The two never came to rest.");
                server.IsReading = now % 1000 < 700;
                client.Tick(now);
                server.Tick(now);
            }

            server.IsReading = true;
            server.Tick(600_000);
            Bytes.AssertSame(up, server.Received);
            Bytes.AssertSame(down, client.Received);
        });
    }

    private static SimulatedLink BadLink(Random random) => new(random)
    {
        LossRate = 0.1,
        DuplicationRate = 0.1,
        JitterMilliseconds = random.Next(40),
    };

    private static KcpSegment Push(uint number, uint una) => new(3, KcpCommand.Push, 0, 1000, 0, number, una, 0);

    private KcpEngine Engine() => new(3, External, _pool);

    private KcpEngine Sent(int segments)
    {
        var engine = Engine();
        engine.Send(new byte[segments * 1226]);
        while (engine.TryGetSegment(0, _buffer, out _))
        {
        }

        return engine;
    }
}
