using Proxy.Policy.Filters;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>Rates of connections and of frontends: what the ends see under virtual time.</summary>
public sealed class ThrottledConnectionTests
{
    private const double Burst = 0.1;

    [Fact]
    public void A_connection_keeps_its_rate_in_each_direction_for_itself()
    {
        var rig = Rig(new BandwidthSettings { ConnectionUp = 1_000_000, ConnectionDown = 200_000 });
        var (application, target) = rig.Connect();
        application.Send(new byte[10_000_000]);
        target.Send(new byte[10_000_000]);

        rig.RunFor(5);

        Assert.InRange(target.Received.Count, 4_900_000, 1_000_000 * (5 + Burst));
        Assert.InRange(application.Received.Count, 980_000, 200_000 * (5 + Burst));
        application.Reset();
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_direction_without_a_rate_is_as_fast_as_without_limits()
    {
        var rig = Rig(new BandwidthSettings { FrontendDown = 1000 });
        var (application, target) = rig.Connect();
        application.Send(new byte[5_000_000]);

        rig.Until(() => target.Received.Count == 5_000_000);

        application.Reset();
        rig.Relay.EndWell();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(40)]
    public void Connections_of_a_frontend_on_all_its_loops_get_equal_parts_over_five_seconds(int count)
    {
        const long Rate = 4_000_000;
        var rig = Rig(new BandwidthSettings { FrontendUp = Rate });
        var connections = Enumerable.Range(0, count).Select(_ => rig.Connect()).ToArray();
        foreach (var (application, _) in connections)
        {
            application.Send(new byte[Rate * 10 / count]);
        }

        rig.RunFor(1);
        int[] before = [.. connections.Select(connection => connection.Target.Received.Count)];
        rig.RunFor(5);
        int[] moved = [.. connections.Select((connection, number) => connection.Target.Received.Count - before[number])];

        Assert.InRange(moved.Sum(), Rate * 5 * 0.98, Rate * (5 + Burst));
        Assert.True(moved.Max() - moved.Min() <= 0.1 * moved.Average(), $"from {moved.Min()} to {moved.Max()} bytes");
        Array.ForEach(connections, connection => connection.Application.Reset());
        rig.Relay.EndWell();
    }

    [Fact]
    public void What_a_slow_connection_leaves_is_for_the_others()
    {
        const long Rate = 1_000_000;
        var rig = Rig(new BandwidthSettings { FrontendUp = Rate });
        var connections = Enumerable.Range(0, 3).Select(_ => rig.Connect()).ToArray();
        connections[0].Application.Send(new byte[Rate * 8]);
        connections[1].Application.Send(new byte[Rate * 8]);
        for (var tenth = 0; tenth < 50; tenth++)
        {
            connections[2].Application.Send(new byte[5_000]);
            rig.RunFor(0.1);
        }

        Assert.InRange(connections[2].Target.Received.Count, 240_000, 250_000);
        Assert.InRange(connections[0].Target.Received.Count, 2_250_000, 2_500_000);
        Assert.InRange(connections[1].Target.Received.Count, 2_250_000, 2_500_000);
        Array.ForEach(connections, connection => connection.Application.Reset());
        rig.Relay.EndWell();
    }

    [Fact]
    public void Both_rates_hold_together()
    {
        var rig = Rig(new BandwidthSettings { FrontendDown = 1_000_000, ConnectionDown = 300_000 });
        var connections = Enumerable.Range(0, 2).Select(_ => rig.Connect()).ToArray();
        foreach (var (_, target) in connections)
        {
            target.Send(new byte[10_000_000]);
        }

        rig.RunFor(5);

        Assert.All(connections, connection => Assert.InRange(connection.Application.Received.Count, 1_450_000, 300_000 * (5 + Burst)));
        Array.ForEach(connections, connection => connection.Application.Reset());
        rig.Relay.EndWell();
    }

    [Fact]
    public void What_is_held_when_a_side_ends_comes_at_its_rate_before_the_end()
    {
        var rig = Rig(new BandwidthSettings { ConnectionUp = 100_000 });
        var (application, target) = rig.Connect();
        application.Send(new byte[200_000]);
        application.Finish();
        target.Send("answer");
        target.Finish();

        rig.RunFor(1.5);
        Assert.False(target.HasSeenEnd);
        Assert.True(application is { Text: "answer", HasSeenEnd: true });

        rig.Until(() => target.HasSeenEnd, 1);
        Assert.Equal(200_000, target.Received.Count);
        rig.Until(() => rig.Relay.Node.HasLine("completed, 200000 B up, 6 B down"));
        application.Close();
        target.Close();
        rig.Relay.EndWell();
    }

    [Fact]
    public void No_more_is_held_than_one_read_for_each_connection_and_nothing_afterwards()
    {
        const int Connections = 20;
        const int OneReadBytes = 64 * 1024;
        var rig = Rig(new BandwidthSettings { FrontendUp = 1_000_000 });
        var connections = Enumerable.Range(0, Connections).Select(_ => rig.Connect()).ToArray();
        foreach (var (application, _) in connections)
        {
            application.Send(new byte[250_000]);
        }

        rig.RunFor(3);
        Assert.NotEqual(0, rig.BuffersRented);
        rig.Until(() => Array.TrueForAll(connections, connection => connection.Target.Received.Count == 250_000), 4);

        Assert.True(rig.Relay.Node.Pool.PeakRentedBytes <= Connections * OneReadBytes, $"{rig.Relay.Node.Pool.PeakRentedBytes} bytes were held");
        Assert.Equal(0, rig.BuffersRented);
        Array.ForEach(connections, connection => connection.Application.Reset());
        rig.Relay.EndWell();
    }

    [Fact]
    public void Nothing_runs_for_connections_that_are_idle()
    {
        var rig = Rig(new BandwidthSettings { FrontendUp = 100_000, ConnectionUp = 50_000 });
        var (application, target) = rig.Connect();
        application.Send(new byte[100_000]);
        rig.Until(() => target.Received.Count == 100_000, 3);
        rig.RunFor(2);
        var turns = rig.Relay.Node.Loops.Sum(loop => loop.Counters.Turns);

        rig.RunFor(600);

        // Less than one tick a minute would be.
        Assert.InRange(rig.Relay.Node.Loops.Sum(loop => loop.Counters.Turns) - turns, 0, 9);
        application.Reset();
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_connection_that_is_reset_while_it_waits_leaves_its_part_to_the_others()
    {
        const long Rate = 1_000_000;
        var rig = Rig(new BandwidthSettings { FrontendUp = Rate });
        var connections = Enumerable.Range(0, 4).Select(_ => rig.Connect()).ToArray();
        foreach (var (application, _) in connections)
        {
            application.Send(new byte[Rate * 8]);
        }

        rig.RunFor(1);
        Array.ForEach(connections[1..], connection => connection.Application.Reset());
        rig.RunFor(0.1);
        var before = connections[0].Target.Received.Count;
        rig.RunFor(2);

        Assert.InRange(connections[0].Target.Received.Count - before, Rate * 2 * 0.95, Rate * (2 + Burst));
        connections[0].Application.Reset();
        rig.Relay.EndWell();
    }

    [Fact]
    public void A_reader_that_stops_does_not_keep_the_rate_from_the_others()
    {
        const long Rate = 1_000_000;
        var rig = Rig(new BandwidthSettings { FrontendUp = Rate });
        var (stopped, stoppedTarget) = rig.Connect();
        var (application, target) = rig.Connect();
        stoppedTarget.StopReading();
        stopped.Send(new byte[Rate * 8]);
        rig.RunFor(2);
        application.Send(new byte[Rate * 8]);

        rig.RunFor(3);

        Assert.InRange(target.Received.Count, Rate * 3 * 0.95, Rate * (3 + Burst));
        stopped.Reset();
        application.Reset();
        rig.Relay.EndWell();
    }

    [Fact]
    public void Bytes_that_came_with_a_PROXY_header_pass_the_rate_and_then_the_filters()
    {
        var rig = new InspectedRig(settings => settings with
        {
            ProxyProtocol = new ProxyProtocolSettings { TrustedSenders = InspectedRig.Anybody() },
            Bandwidth = new BandwidthSettings { ConnectionUp = 20_000 },
            Filters = [ScriptedFilters.Replacing("a", "bb")],
        });
        var application = rig.Relay.Connect();
        application.Send("PROXY TCP4 192.0.2.7 192.0.2.8 1000 2000\r\n" + new string('a', 60_000));

        rig.RunFor(1);
        Assert.InRange(Assert.Single(rig.Server.Sockets).Received.Count, 60_000, 2 * (20_000 + 17_000));

        rig.Until(() => rig.Server.Sockets[0].Received.Count == 120_000, 3);
        Assert.DoesNotContain((byte)'a', rig.Server.Sockets[0].Received);
        application.Reset();
        rig.Relay.EndWell();
    }

    private static InspectedRig Rig(BandwidthSettings bandwidth) => new(settings => settings with { Bandwidth = bandwidth });
}
