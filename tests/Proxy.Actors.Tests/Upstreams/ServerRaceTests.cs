using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>The addresses of one name, dialled beside each other (RFC 8305).</summary>
public sealed class ServerRaceTests
{
    [Fact]
    public void A_silent_address_holds_a_connection_up_for_a_quarter_of_a_second_and_fails()
    {
        var rig = Named("10.0.0.4", "10.0.0.5");
        rig.TargetHosts[0].Crash();
        var alive = rig.StartTarget(1);

        var application = rig.Connect();
        rig.RunFor(0.24);
        Assert.Equal([1L, 0L], Active(rig));

        rig.Until(() => alive.Sockets.Count == 1, 0.05);
        rig.RunFor(0.1);
        Assert.Equal([0L, 1L], Active(rig));
        Assert.Equal([1L, 0L], Failures(rig));
        application.Reset();
        rig.Until(() => rig.Node.HasLine("-> web.example/10.0.0.5:80: reset by client"));
        Assert.Equal([0L, 0L], Active(rig));
        rig.EndWell();
    }

    [Fact]
    public void An_address_that_refuses_is_followed_by_the_next_one_at_once()
    {
        var rig = Named("10.0.0.4", "10.0.0.5");
        var alive = rig.StartTarget(1);

        var application = rig.Connect();

        rig.Until(() => alive.Sockets.Count == 1, 0.05);
        rig.RunFor(0.1);
        Assert.Equal([0L, 1L], Active(rig));
        Assert.Equal([1L, 0L], Failures(rig));
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void When_all_addresses_are_silent_each_has_failed_and_the_next_server_is_tried()
    {
        var rig = new RelayRig(
            settings => settings with { Targets = [RelayRig.To("web.example:80"), RelayRig.To("10.0.0.6:80") with { IsBackup = true }] },
            names: names => names.Set("web.example", "10.0.0.4", "10.0.0.5"));
        rig.TargetHosts[0].Crash();
        rig.TargetHosts[1].Crash();
        var alive = rig.StartTarget(2);

        var application = rig.Connect();

        rig.Until(() => alive.Sockets.Count == 1, 4.9);
        rig.RunFor(0.1);
        Assert.Equal([1L, 1L, 0L], Failures(rig));
        Assert.Equal([0L, 0L, 1L], Active(rig));
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_full_address_takes_no_part_however_long_the_other_is_silent()
    {
        var rig = new RelayRig(
            settings => settings with { Targets = [RelayRig.To("web.example:80") with { MaximumConnections = 1 }] },
            names: names => names.Set("web.example", "10.0.0.4", "10.0.0.5"));
        var targets = new[] { rig.StartTarget(0), rig.StartTarget(1) };
        var first = rig.Connect();
        rig.Until(() => targets[0].Sockets.Count == 1);
        rig.TargetHosts[1].Crash();

        var second = rig.Connect();
        rig.RunFor(2);

        Assert.Single(targets[0].Sockets);
        Assert.Equal([1L, 1L], Active(rig));
        first.Reset();
        second.Reset();
        rig.RunFor(0.1);
        Assert.Equal([0L, 0L], Active(rig));
        rig.EndWell();
    }

    [Fact]
    public void A_client_that_goes_away_during_the_race_gives_every_place_back_and_blames_nobody()
    {
        var rig = Named("10.0.0.4", "10.0.0.5");
        rig.TargetHosts[0].Crash();
        rig.TargetHosts[1].Crash();
        var application = rig.Connect();
        rig.RunFor(0.5);
        Assert.Equal([1L, 1L], Active(rig));

        application.Reset();
        rig.RunFor(0.1);

        Assert.Equal([0L, 0L], Active(rig));
        Assert.Equal([0L, 0L], Failures(rig));
        rig.EndWell();
    }

    [Fact]
    public void A_silent_address_is_taken_out_of_service_by_the_races_that_it_loses()
    {
        var rig = Named("10.0.0.4", "10.0.0.5");
        rig.TargetHosts[0].Crash();
        var alive = rig.StartTarget(1);
        for (var count = 1; count <= 10; count++)
        {
            var application = rig.Connect();
            rig.Until(() => alive.Sockets.Count == count, 0.5);
            application.Reset();
            rig.RunFor(0.05);
        }

        Assert.Equal(["ejected", "up"], rig.Node.Status().Upstreams[0].Servers.Select(server => server.State));
        rig.EndWell();
    }

    private static RelayRig Named(params string[] addresses) =>
        new(settings => settings with { Targets = [RelayRig.To("web.example:80")] }, names: names => names.Set("web.example", addresses));

    private static IEnumerable<long> Active(RelayRig rig) => rig.Node.Status().Upstreams[0].Servers.Select(server => server.Connections.Active);

    private static IEnumerable<long> Failures(RelayRig rig) => rig.Node.Status().Upstreams[0].Servers.Select(server => server.Failures);
}
