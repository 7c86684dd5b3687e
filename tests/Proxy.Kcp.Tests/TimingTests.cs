namespace Proxy.Kcp.Tests;

public sealed class TimingTests
{
    private const uint Start = 1000;
    private static readonly KcpSettings Exact = new() { IntervalMilliseconds = 10, MinimumRtoMilliseconds = 1 };

    [Fact]
    public void The_first_round_trip_sets_the_mean_and_half_of_it_the_variance()
    {
        using var engine = Engine();

        Answer(engine, number: 0, roundTripMilliseconds: 40);

        Assert.Equal(40, engine.SmoothedRoundTripMilliseconds);
        Assert.Equal(40 + (4 * 20), engine.RtoMilliseconds);
    }

    [Fact]
    public void Later_ones_move_the_mean_by_an_eighth_and_the_variance_by_a_quarter()
    {
        using var engine = Engine();
        Answer(engine, number: 0, roundTripMilliseconds: 40);

        Answer(engine, number: 1, roundTripMilliseconds: 80);

        // Variance (3 * 20 + |80 - 40|) / 4 = 25, mean (7 * 40 + 80) / 8 = 45.
        Assert.Equal(45, engine.SmoothedRoundTripMilliseconds);
        Assert.Equal(45 + (4 * 25), engine.RtoMilliseconds);
    }

    [Fact]
    public void The_allowance_for_variance_is_at_least_the_interval()
    {
        using var engine = Engine(new() { IntervalMilliseconds = 50, MinimumRtoMilliseconds = 1 });
        for (var number = 0u; number < 40; number++)
        {
            Answer(engine, number, roundTripMilliseconds: 20);
        }

        Assert.Equal(20 + 50, engine.RtoMilliseconds);
    }

    [Fact]
    public void The_timeout_is_never_below_its_minimum()
    {
        using var engine = Engine(KcpSettings.VproxyFast3);

        Answer(engine, number: 0, roundTripMilliseconds: 0);

        Assert.Equal(1, engine.SmoothedRoundTripMilliseconds);
        Assert.Equal(30, engine.RtoMilliseconds);
    }

    [Fact]
    public void An_echo_that_is_none_of_our_clock_is_not_measured()
    {
        using var engine = Engine();
        engine.Send([1]);
        engine.TryGetDatagram(Start, new byte[1400], out _);

        engine.HandleDatagram(Acknowledgement(0, una: 0, echo: Start + 500), Start + 10);

        Assert.Equal(0, engine.SmoothedRoundTripMilliseconds);
        Assert.Equal(0, engine.InFlightSegments);
    }

    [Fact]
    public void A_stale_copy_of_an_acknowledgement_is_not_measured()
    {
        using var engine = Engine();
        Answer(engine, number: 0, roundTripMilliseconds: 40);

        engine.HandleDatagram(Acknowledgement(0, una: 1, echo: Start), Start + 30_000);

        Assert.Equal(40, engine.SmoothedRoundTripMilliseconds);
    }

    [Fact]
    public void An_engine_that_did_nothing_has_no_deadline()
    {
        using var engine = Engine();

        Assert.Null(engine.NextDeadlineMilliseconds(Start));
    }

    [Fact]
    public void What_is_owed_is_due_now()
    {
        using var engine = Engine();
        engine.HandleDatagram(Acknowledgement(0, 0, 0) with { Command = KcpCommand.Push }, Start);

        Assert.Equal(Start, engine.NextDeadlineMilliseconds(Start));
        Assert.True(engine.TryGetDatagram(Start, new byte[1400], out _));
        Assert.Null(engine.NextDeadlineMilliseconds(Start));
    }

    [Fact]
    public void A_deadline_that_has_passed_is_now()
    {
        using var engine = Engine();
        engine.Send([1]);
        engine.TryGetDatagram(Start, new byte[1400], out _);

        Assert.Equal(Start + 9999, engine.NextDeadlineMilliseconds(Start + 9999));
    }

    [Fact]
    public void A_question_for_the_window_is_answered()
    {
        using var engine = Engine();
        var datagram = new byte[1400];
        engine.HandleDatagram(Acknowledgement(0, 0, 0) with { Command = KcpCommand.AskWindow }, Start);

        Assert.True(engine.TryGetDatagram(Start, datagram, out var length));

        Assert.Equal(KcpSegment.HeaderBytes, length);
        Assert.True(KcpSegment.TryRead(datagram, out var answer));
        Assert.Equal(KcpCommand.TellWindow, answer.Command);
        Assert.Equal(128, answer.WindowSegments);
    }

    [Fact]
    public void Answers_that_una_makes_needless_are_left_out_but_for_the_last()
    {
        using var engine = Engine();
        foreach (var number in (uint[])[0, 1, 2, 5, 3])
        {
            engine.HandleDatagram(Acknowledgement(number, 0, 0) with { Command = KcpCommand.Push }, Start);
        }

        var datagram = new byte[1400];
        Assert.True(engine.TryGetDatagram(Start, datagram, out var length));

        Assert.Equal(2 * KcpSegment.HeaderBytes, length);
        Assert.True(KcpSegment.TryRead(datagram, out var first));
        Assert.True(KcpSegment.TryRead(datagram.AsSpan(KcpSegment.HeaderBytes), out var second));
        Assert.Equal((5u, 4u), (first.SequenceNumber, first.Unacknowledged));
        Assert.Equal((3u, 4u), (second.SequenceNumber, second.Unacknowledged));
    }

    private static KcpEngine Engine(KcpSettings? settings = null) => new(7, settings ?? Exact, new CountingPool());

    private static void Answer(KcpEngine engine, uint number, int roundTripMilliseconds)
    {
        engine.Send([1]);
        Assert.True(engine.TryGetDatagram(Start, new byte[1400], out _));
        engine.HandleDatagram(Acknowledgement(number, number + 1, Start), Start + (uint)roundTripMilliseconds);
    }

    private static KcpSegment Acknowledgement(uint number, uint una, uint echo) =>
        new(7, KcpCommand.Acknowledge, 0, 128, echo, number, una, 0);
}
