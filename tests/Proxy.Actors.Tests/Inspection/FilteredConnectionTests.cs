using System.Text;
using Proxy.Policy.Filters;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>Filters between the ends of real connections: what the ends see.</summary>
public sealed class FilteredConnectionTests
{
    [Fact]
    public void A_frontend_without_filters_and_rates_has_no_inspection_at_all()
    {
        var settings = new RelayPlan().Frontend;

        Assert.Null(FrontendInspection.TryCreate(settings, driver: null!));
        Assert.NotNull(FrontendInspection.TryCreate(settings with { Filters = [new ScriptedFilters(ScriptedFilters.Pass)] }, driver: null!));
    }

    [Fact]
    public void Both_directions_pass_the_filters_and_the_log_counts_what_came_out()
    {
        var rig = new InspectedRig(ScriptedFilters.Replacing("cat", "tiger"));
        var (application, target) = rig.Connect();
        application.Send("a cat, a cat");
        rig.Until(() => target.Text == "a tiger, a tiger");
        target.Send("no cat");
        rig.Until(() => application.Text == "no tiger");

        application.Finish();
        target.Finish();

        rig.Until(() => rig.Relay.Node.HasLine("completed, 16 B up, 8 B down"));
        CloseBoth(application, target);
        rig.Relay.EndWell();
    }

    [Fact]
    public void What_is_held_when_a_side_ends_comes_before_the_end()
    {
        var rig = new InspectedRig(ScriptedFilters.Replacing("pattern", "x"));
        var (application, target) = rig.Connect();
        application.Send("and patt");
        rig.Until(() => target.Text == "and ");
        rig.RunFor(1);
        Assert.Equal("and ", target.Text);

        application.Finish();
        rig.Until(() => target is { Text: "and patt", HasSeenEnd: true });

        target.Send("patte");
        rig.Until(() => application.Received.Count == 0);
        target.Finish();
        rig.Until(() => application is { Text: "patte", HasSeenEnd: true });
        CloseBoth(application, target);
        rig.Relay.EndWell();
    }

    [Fact]
    public void Bytes_that_came_with_a_PROXY_header_pass_the_filters_first()
    {
        var filters = new ScriptedFilters(ScriptedFilters.Pass);
        var rig = new InspectedRig(settings => settings with
        {
            ProxyProtocol = new ProxyProtocolSettings { TrustedSenders = InspectedRig.Anybody() },
            Filters = [ScriptedFilters.Replacing("one two", "three"), filters],
        });
        var application = rig.Relay.Connect();
        application.Send("PROXY TCP4 192.0.2.7 192.0.2.8 1000 2000\r\none t");
        rig.RunFor(0.1);

        application.Send("wo");

        rig.Until(() => rig.Server.Sockets is [{ Text: "three" }]);
        Assert.Equal("192.0.2.7:1000", Assert.Single(filters.Connections).Client.ToString());
        Assert.Equal("10.0.0.4:80", filters.Connections[0].Upstream!.ToString());
        application.Reset();
        rig.Relay.EndWell();
    }

    [Fact]
    public void What_a_filter_writes_at_the_beginning_arrives_although_nobody_has_sent()
    {
        var hasGreeted = new HashSet<FilterDirection>();
        var rig = new InspectedRig(new ScriptedFilters((direction, _, output, _) =>
        {
            if (hasGreeted.Add(direction))
            {
                output.Write("welcome"u8);
            }
        }));

        var (application, target) = rig.Connect();

        rig.Until(() => (application.Text, target.Text) == ("welcome", "welcome"));
        application.Reset();
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_throttle_slows_the_sender_down_and_holds_little()
    {
        var rig = new InspectedRig(new ThrottleFilterFactory(new ThrottleRate(100_000, 10_000), toClient: null));
        var (application, target) = rig.Connect();
        application.Send(new byte[400_000]);
        application.Finish();

        rig.RunFor(2);
        Assert.InRange(target.Received.Count, 195_000, 215_000);

        rig.Until(() => target.HasSeenEnd, 3);
        Assert.Equal(400_000, target.Received.Count);
        Assert.True(rig.Relay.Node.Pool.PeakRentedBytes < 1_000_000, $"{rig.Relay.Node.Pool.PeakRentedBytes} bytes were held");
        Assert.Equal(0, rig.BuffersRented);
        CloseBoth(application, target);
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_reader_that_stops_stops_the_sender_through_the_filters()
    {
        const int Megabytes = 20;
        var passed = 0L;
        var rig = new InspectedRig(new ScriptedFilters((_, input, output, _) =>
        {
            passed += input.Length;

            // In pieces, so that some of a call come after the other side has refused.
            for (var rest = input; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, 1000)..])
            {
                output.Write(rest[..Math.Min(rest.Length, 1000)]);
            }
        }));
        var bytes = new byte[Megabytes << 20];
        new Random(7).NextBytes(bytes);
        var (application, target) = rig.Connect();
        target.StopReading();
        application.Send(bytes);
        application.Finish();

        rig.RunFor(5);
        var passedWhileStopped = passed;
        Assert.InRange(passedWhileStopped, 1, 2 << 20);
        Assert.True(rig.Relay.Node.Pool.PeakRentedBytes < 1 << 20, $"{rig.Relay.Node.Pool.PeakRentedBytes} bytes were held");
        target.Read();

        rig.Until(() => target.HasSeenEnd, 20);
        Assert.True(target.Received.SequenceEqual(bytes));
        CloseBoth(application, target);
        rig.Relay.EndWell();
    }

    [Fact]
    public void Filters_are_disposed_once_however_the_connection_ends()
    {
        var filters = new ScriptedFilters(ScriptedFilters.Pass);
        var rig = new InspectedRig(filters);
        var (first, _) = rig.Connect();
        first.Reset();
        rig.Until(() => filters.Disposals == 1);
        var (_, second) = rig.Connect();
        second.Reset();
        rig.Until(() => filters.Disposals == 2);
        var (third, target) = rig.Connect();
        third.Finish();
        target.Finish();
        rig.Until(() => filters.Disposals == 3);
        CloseBoth(third, target);
        rig.Connect();
        rig.Relay.Node.Terminate();
        Assert.Equal((4, 4), (filters.Connections.Count, filters.Disposals));
    }

    /// <summary>Random bytes both ways through a filter that holds what it likes, for more bytes or for a time, with readers that stop.</summary>
    [Fact]
    public void Nothing_is_lost_doubled_or_reordered_whatever_filters_hold() => Property.Check(30, random =>
    {
        var rig = new InspectedRig(settings => settings with { Filters = [Holding(random), Holding(random)] }, random.Next());
        var (application, target) = rig.Connect();
        byte[] up = new byte[random.Next(1, 300_000)], down = new byte[random.Next(1, 300_000)];
        random.NextBytes(up);
        random.NextBytes(down);
        for (int sentUp = 0, sentDown = 0; sentUp < up.Length || sentDown < down.Length;)
        {
            var (partUp, partDown) = (Math.Min(random.Next(60_000), up.Length - sentUp), Math.Min(random.Next(60_000), down.Length - sentDown));
            application.Send(up[sentUp..(sentUp + partUp)]);
            target.Send(down[sentDown..(sentDown + partDown)]);
            (sentUp, sentDown) = (sentUp + partUp, sentDown + partDown);
            foreach (var reader in new[] { application, target })
            {
                if (random.Next(3) == 0)
                {
                    reader.StopReading();
                }
                else
                {
                    reader.Read();
                }
            }

            rig.RunFor(random.NextDouble() / 20);
        }

        application.Finish();
        target.Finish();
        application.Read();
        target.Read();

        rig.Until(() => application.HasSeenEnd && target.HasSeenEnd, 20);

        Assert.True(target.Received.SequenceEqual(up));
        Assert.True(application.Received.SequenceEqual(down));
        Assert.Equal(0, rig.BuffersRented);
        CloseBoth(application, target);
        rig.Relay.EndWell();
    });

    private static ScriptedFilters Holding(Random random)
    {
        FilterStep step = (_, input, output, now) =>
        {
            var held = random.Next(3) == 0 ? random.Next(Math.Min(input.Length, 1000) + 1) : 0;
            output.Write(input[..^held]);
            output.HoldBack(held);
            if (held > 0)
            {
                output.CallAt(now + random.Next(20_000));
            }
        };
        return new ScriptedFilters(step, step);
    }

    private static void CloseBoth(Simulation.Tests.ScriptedSocket application, Simulation.Tests.ScriptedSocket target)
    {
        application.Close();
        target.Close();
    }
}
