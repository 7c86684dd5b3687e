using Proxy.Kernel.Event;
using Proxy.Policy.Filters;

namespace Proxy.Actors.Tests;

/// <summary>Connections that a filter ends, on purpose or by a defect.</summary>
public sealed class CutConnectionTests
{
    [Fact]
    public void A_cut_passes_what_was_written_before_and_ends_both_sides_in_good_order()
    {
        var rig = new InspectedRig(new CutFilterFactory(maxBytes: 10, maxMicroseconds: null));
        var (application, target) = rig.Connect();
        target.Send("hello");
        rig.Until(() => application.Text == "hello");

        application.Send("0123456789abc");

        rig.Until(() => target is { Text: "0123456789", HasSeenEnd: true } && application.HasSeenEnd);
        Assert.Equal((null, null), (application.Fault, target.Fault));
        rig.Until(() => rig.Relay.Node.HasLine("web", "cut by a filter (cut: The limit of bytes is reached.), fault: us, 10 B up, 5 B down"));
        application.Close();
        target.Close();
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_cut_in_time_ends_a_silent_connection()
    {
        var rig = new InspectedRig(new CutFilterFactory(maxBytes: null, maxMicroseconds: 3_000_000));
        var (application, target) = rig.Connect();
        rig.RunFor(2.9);
        Assert.False(application.HasSeenEnd);

        rig.Until(() => application.HasSeenEnd && target.HasSeenEnd, 0.2);

        rig.Until(() => rig.Relay.Node.HasLine("cut by a filter (cut: The limit of time is reached.)"));
        application.Close();
        target.Close();
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_cut_waits_for_a_slow_reader_but_not_for_ever()
    {
        var rig = new InspectedRig(new CutFilterFactory(maxBytes: null, maxMicroseconds: 1_000_000));
        var (application, target) = rig.Connect();
        var (other, otherTarget) = rig.Connect();
        foreach (var socket in new[] { application, target, other, otherTarget })
        {
            socket.StopReading();
            socket.Send(new byte[1 << 20]);
        }

        rig.RunFor(20);
        other.Read();
        otherTarget.Read();

        rig.Until(() => other.HasSeenEnd && otherTarget.HasSeenEnd);
        Assert.True(other.Received.Count > 64 * 1024 && otherTarget.Received.Count > 64 * 1024);
        rig.Until(() => application.WasReset && target.WasReset, 12);
        rig.Until(() => rig.Relay.Node.HasLine("10.0.0.1:49152", "cut by a filter"));
        other.Close();
        otherTarget.Close();
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_filter_that_throws_costs_its_own_connection_and_the_log_has_the_exception()
    {
        var defect = new InvalidDataException("no such byte");
        var rig = new InspectedRig(new ScriptedFilters((_, input, output, _) =>
        {
            output.Write(input);
            if (input.Contains((byte)'!'))
            {
                throw defect;
            }
        }));
        var (application, target) = rig.Connect();
        var (other, otherTarget) = rig.Connect();

        application.Send("oh!");

        rig.Until(() => target is { Text: "oh!", HasSeenEnd: true } && application.HasSeenEnd);
        rig.Until(() => rig.Relay.Node.HasLine("internal error (scripted: no such byte), fault: us"));
        Assert.Same(defect, Assert.Single(rig.Relay.Node.Lines.OfType<Error>()).Cause);
        other.Send("still here");
        rig.Until(() => otherTarget.Text == "still here");
        application.Close();
        target.Close();
        other.Reset();
        rig.RunFor(1);
        rig.Relay.Node.Terminate();
        rig.Relay.Node.AssertNothingLeft();
    }

    [Fact]
    public void A_factory_that_throws_ends_the_connection_before_a_byte_has_passed()
    {
        var rig = new InspectedRig(new LogFilterFactory(FilterLogFormat.Hex, FilterDirections.Both, 1000, _ => throw new IOException("no disk")));
        var (application, target) = rig.Connect();
        application.Send("secret");

        rig.Until(() => application.HasSeenEnd && target.HasSeenEnd);

        Assert.Empty(target.Received);
        rig.Until(() => rig.Relay.Node.HasLine("internal error (log: no disk)"));
    }

    [Fact]
    public void A_reason_cannot_begin_a_line_of_its_own_in_the_log()
    {
        var rig = new InspectedRig(new ScriptedFilters((_, input, output, _) =>
        {
            if (!input.IsEmpty)
            {
                output.Cut("found \r\n2026 web: \u001b[31mforged");
            }
        }));
        var (application, _) = rig.Connect();

        application.Send("x");

        rig.Until(() => rig.Relay.Node.HasLine("cut by a filter (scripted: found ??2026 web: ?[31mforged)"));
    }

    [Fact]
    public void A_filter_that_fails_when_it_is_disposed_does_not_change_how_the_connection_ended()
    {
        var rig = new InspectedRig(new ScriptedFilters(ScriptedFilters.Pass) { Disposing = () => throw new InvalidOperationException("too late") });
        var (application, target) = rig.Connect();
        application.Finish();
        target.Finish();

        rig.Until(() => rig.Relay.Node.HasLine("completed"));
        rig.Until(() => rig.Relay.Node.HasLine("a filter failed at the end of its connection"));
        application.Close();
        target.Close();
        rig.RunFor(1);
        rig.Relay.Node.Terminate();
        rig.Relay.Node.AssertNothingLeft();
    }

    [Fact]
    public void A_filter_that_writes_on_while_nobody_reads_is_cut()
    {
        var piece = new byte[64 * 1024];
        var rig = new InspectedRig(new ScriptedFilters((_, _, output, now) =>
        {
            output.Write(piece);
            output.CallAt(now + 1000);
        })
        { Directions = FilterDirections.ToClient });
        var (application, _) = rig.Connect();
        application.StopReading();

        rig.Until(() => application.WasReset, 60);

        rig.Until(() => rig.Relay.Node.HasLine("cut by a filter (filters: More was written than the other side takes.)"));
        Assert.True(rig.Relay.Node.Pool.PeakRentedBytes < 2 * FilteredChannel.MaximumHeldBytes, $"{rig.Relay.Node.Pool.PeakRentedBytes} bytes were held");
        rig.Relay.EndWell();
    }
}
