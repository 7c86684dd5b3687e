using Proxy.TestKit;

namespace Proxy.Kcp.Tests;

public sealed class InputTests
{
    private const uint Now = 5000;
    private readonly CountingPool _pool = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(23)]
    public void Less_than_a_header_is_too_short(int length)
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.TooShort, engine.HandleDatagram(new byte[length], Now));
        Assert.Equal(1, engine.Statistics.MalformedDatagrams);
    }

    [Fact]
    public void Another_conversation_is_refused()
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.WrongConversation, engine.HandleDatagram(Push(0) with { Conversation = 8 }, Now));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    [InlineData(85)]
    [InlineData(255)]
    public void An_unknown_command_is_refused(byte command)
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.BadCommand, engine.HandleDatagram(Push(0) with { Command = (KcpCommand)command }, Now));
    }

    [Theory]
    [InlineData(4u)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFFFFFFFu)]
    public void A_length_beyond_the_datagram_is_refused(uint length)
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.BadLength, engine.HandleDatagram(Push(0) with { PayloadBytes = length }, Now, payloadBytes: 3));
    }

    [Fact]
    public void A_payload_larger_than_the_settings_allow_is_refused()
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.BadLength, engine.HandleDatagram(Push(0) with { PayloadBytes = 1501 }, Now, payloadBytes: 1501));
        Assert.Equal(KcpInputStatus.Handled, engine.HandleDatagram(Push(0) with { PayloadBytes = 1500 }, Now, payloadBytes: 1500));
    }

    [Theory]
    [InlineData(KcpCommand.Acknowledge)]
    [InlineData(KcpCommand.AskWindow)]
    [InlineData(KcpCommand.TellWindow)]
    public void Only_data_has_a_payload(KcpCommand command)
    {
        using var engine = Engine();

        Assert.Equal(KcpInputStatus.BadLength, engine.HandleDatagram(Push(0) with { Command = command, PayloadBytes = 1 }, Now, payloadBytes: 1));
    }

    [Fact]
    public void A_fragment_of_a_message_that_the_window_cannot_hold_is_refused()
    {
        var settings = KcpSettings.VproxyFast3 with { StreamMode = false, ReceiveWindowSegments = 4 };
        using var engine = new KcpEngine(7, settings, _pool);

        Assert.Equal(KcpInputStatus.BadFragment, engine.HandleDatagram(Push(0) with { Fragment = 4 }, Now));
        Assert.Equal(KcpInputStatus.Handled, engine.HandleDatagram(Push(0) with { Fragment = 3 }, Now));
    }

    [Fact]
    public void Confirming_what_was_never_sent_is_refused()
    {
        using var engine = Engine();
        engine.Send([1]);
        engine.TryGetDatagram(Now, new byte[1250], out _);

        Assert.Equal(KcpInputStatus.AcknowledgesUnsent, engine.HandleDatagram(Push(0) with { Unacknowledged = 2 }, Now));
        Assert.Equal(
            KcpInputStatus.AcknowledgesUnsent,
            engine.HandleDatagram(Push(1) with { Command = KcpCommand.Acknowledge }, Now));
        Assert.Equal(1, engine.InFlightSegments);
    }

    [Fact]
    public void A_malformed_datagram_has_no_effect_even_if_it_begins_well()
    {
        using var engine = Engine();
        engine.Send([1]);
        engine.TryGetDatagram(Now, new byte[1250], out _);
        var datagram = new byte[24 + 24 + 10];
        (Push(0) with { Unacknowledged = 1 }).Write(datagram);
        Push(1).Write(datagram.AsSpan(24));

        Assert.Equal(KcpInputStatus.TooShort, engine.HandleDatagram(datagram, Now));

        Assert.Equal(1, engine.InFlightSegments);
        Assert.Equal(0u, engine.ReceiveNext);
        Assert.Equal(0, engine.Statistics.SegmentsReceived);
        Assert.False(engine.TryGetDatagram(Now, new byte[1250], out _));
    }

    [Fact]
    public void Data_beyond_the_window_is_dropped_without_an_answer_and_the_rest_is_handled()
    {
        using var engine = Engine();
        var datagram = new byte[48];
        Push(1024).Write(datagram);
        Push(0).Write(datagram.AsSpan(24));

        Assert.Equal(KcpInputStatus.BeyondWindow, engine.HandleDatagram(datagram, Now));

        Assert.Equal(1u, engine.ReceiveNext);
        Assert.Equal(1, engine.Statistics.BeyondWindow);
        Assert.True(engine.TryGetDatagram(Now, new byte[1250], out var length));
        Assert.Equal(KcpSegment.HeaderBytes, length);
    }

    [Fact]
    public void A_peer_that_fills_the_window_from_behind_holds_no_more_than_the_window()
    {
        using var engine = Engine();

        for (var number = 3000u; number > 0; number--)
        {
            engine.HandleDatagram(Push(number) with { PayloadBytes = 100 }, Now, payloadBytes: 100);
        }

        Assert.Equal(1023, _pool.RentedBuffers);
        Assert.Equal(1023 * 100, engine.OutOfOrderBytes);
        engine.HandleDatagram(Push(0) with { PayloadBytes = 100 }, Now, payloadBytes: 100);
        Assert.Equal(0, engine.OutOfOrderBytes);
        Assert.Equal(0, engine.WindowSegments);
        Assert.Equal(1024, engine.ReceivedSegments);
    }

    [Fact]
    public void Answers_owed_to_a_flood_of_duplicates_are_bounded()
    {
        using var engine = Engine();
        engine.HandleDatagram(Push(5), Now);
        for (var copy = 0; copy < 10_000; copy++)
        {
            engine.HandleDatagram(Push(5), Now);
        }

        var length = 0;
        var datagram = new byte[1250];
        while (engine.TryGetDatagram(Now, datagram, out var written))
        {
            length += written;
        }

        Assert.Equal(1024 * KcpSegment.HeaderBytes, length);
    }

    [Fact]
    public void Random_bytes_never_throw_and_never_outgrow_the_windows()
    {
        Property.Check(200, random =>
        {
            var pool = new CountingPool();
            using var engine = new KcpEngine(7, KcpSettings.VproxyFast4 with { ReceiveWindowSegments = 64, SendBufferSegments = 64 }, pool);
            var datagram = new byte[1250];
            for (var round = 0u; round < 500; round++)
            {
                engine.Send(datagram.AsSpan(0, random.Next(1250)));
                while (engine.TryGetDatagram(Now + round, datagram, out _))
                {
                }

                var length = random.Next(200);
                random.NextBytes(datagram.AsSpan(0, length));
                for (var start = 0; start + 24 <= length; start += 24)
                {
                    RandomHeader(random).Write(datagram.AsSpan(start));
                }

                engine.HandleDatagram(datagram.AsSpan(0, length), Now + round);
                Assert.InRange(pool.RentedBuffers, 0, 128);
                Assert.InRange(engine.InFlightSegments, 0, 64);
            }
        });
    }

    [Fact]
    public void A_conversation_with_any_bit_flipped_never_throws()
    {
        Property.Check(50, random =>
        {
            using var pair = new KcpPair(random: random);
            var datagram = new byte[1250];
            for (var round = 0; round < 100; round++)
            {
                pair.Client.Write(Bytes.Random(random, random.Next(5000)));
                pair.FlushClient();
                foreach (var sent in pair.ToServer.Datagrams.ToArray())
                {
                    sent[random.Next(sent.Length)] ^= (byte)(1 << random.Next(8));
                    pair.Server.Engine.HandleDatagram(sent, pair.Now);
                }

                pair.ToServer.Lose();
                pair.Server.Read();
                while (pair.Server.Engine.TryGetDatagram(pair.Now, datagram, out var length))
                {
                    datagram[random.Next(length)] ^= (byte)(1 << random.Next(8));
                    pair.Client.Engine.HandleDatagram(datagram.AsSpan(0, length), pair.Now);
                }

                pair.Advance(random.Next(100));
                Assert.InRange(pair.Server.Pool.RentedBuffers, 0, 1024);
            }
        });
    }

    private KcpEngine Engine() => new(7, KcpSettings.VproxyFast3, _pool);

    private static KcpSegment Push(uint number) => new(7, KcpCommand.Push, 0, 128, 4000, number, 0, 0);

    private static KcpSegment RandomHeader(Random random) => new(
        7,
        (KcpCommand)random.Next(80, 86),
        (byte)random.Next(256),
        (ushort)random.Next(65536),
        random.Next(2) == 0 ? Now + (uint)random.Next(500) : (uint)random.NextInt64(1L << 32),
        (uint)random.Next(-10, 100),
        (uint)random.Next(-10, 100),
        random.Next(3) == 0 ? (uint)random.NextInt64(1L << 32) : 0);
}
