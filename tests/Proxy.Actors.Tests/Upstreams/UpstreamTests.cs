using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>Which server a connection gets, and what becomes of its place there.</summary>
public sealed class UpstreamTests
{
    [Fact]
    public void Places_are_counted_while_connections_live_and_given_back_however_they_end()
    {
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80")] });
        var target = rig.StartTarget(0);
        var applications = new List<ScriptedSocket>();
        for (var count = 1; count <= 3; count++)
        {
            applications.Add(rig.Connect());
            rig.Until(() => target.Sockets.Count == count);
        }

        Assert.Equal(new StreamCount(3, 3), Assert.Single(Servers(rig)).Connections);

        applications[0].Reset();
        applications[1].Finish();
        target.Sockets[1].Finish();
        target.Sockets[2].Reset();
        rig.RunFor(1);
        Assert.Equal(new StreamCount(0, 3), Assert.Single(Servers(rig)).Connections);
        applications[1].Close();
        target.Sockets[1].Close();
        rig.EndWell();
    }

    [Fact]
    public void A_connection_that_goes_away_while_its_server_is_dialled_gives_its_place_back()
    {
        var rig = new RelayRig();
        rig.TargetHosts[0].Crash();
        var application = rig.Connect();
        rig.RunFor(0.5);
        Assert.Equal(1, Servers(rig)[0].Connections.Active);

        application.Reset();
        rig.RunFor(0.1);

        Assert.Equal(0, Servers(rig)[0].Connections.Active);
        rig.EndWell();
    }

    [Fact]
    public void While_all_servers_are_full_a_connection_waits_for_the_place_of_another()
    {
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80") with { MaximumConnections = 1 }] });
        var target = rig.StartTarget(0);
        var first = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);
        var second = rig.Connect();
        second.Send("patient");
        rig.RunFor(4);
        Assert.Equal(1, Assert.Single(rig.Node.Status().Upstreams).Waiting);
        Assert.Single(target.Sockets);

        first.Reset();

        rig.Until(() => target.Sockets is [_, { Text: "patient" }]);
        second.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_connection_that_waits_too_long_is_reset_and_the_log_says_why()
    {
        var rig = new RelayRig(settings => settings with
        {
            Targets = [RelayRig.To("10.0.0.4:80") with { MaximumConnections = 1 }],
            Queue = new ConnectionQueueSettings { Timeout = TimeSpan.FromSeconds(8) },
        });
        var target = rig.StartTarget(0);
        var first = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);
        var second = rig.Connect();
        rig.RunFor(7.9);
        Assert.Null(second.Fault);

        rig.Until(() => second.WasReset, 0.2);

        Assert.True(rig.Node.HasLine("busy", "no server had room within 8 s"), rig.Node.LastLines());
        first.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_connection_that_gets_a_place_late_has_its_whole_connect_deadline_before_it()
    {
        var rig = new RelayRig(settings => settings with
        {
            Targets = [RelayRig.To("10.0.0.4:80") with { MaximumConnections = 1 }],
            Queue = new ConnectionQueueSettings { Timeout = TimeSpan.FromSeconds(8) },
        });
        var target = rig.StartTarget(0);
        var first = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);
        var second = rig.Connect();
        rig.RunFor(7);
        rig.TargetHosts[0].Crash();
        first.Reset();
        rig.RunFor(4.9);
        Assert.Null(second.Fault);

        rig.Until(() => second.WasReset, 0.2);

        Assert.True(rig.Node.HasLine("connect timeout"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_fails_is_taken_out_of_service_and_comes_back()
    {
        var rig = new RelayRig(settings => settings with { Ejection = EjectionSettings.Default with { ConsecutiveFailures = 2 } });
        var alive = new[] { rig.StartTarget(1), rig.StartTarget(2) };

        for (var count = 1; count <= 12; count++)
        {
            var application = rig.Connect();
            rig.Until(() => alive.Sum(target => target.Sockets.Count) == count);
            application.Reset();
            rig.RunFor(0.1);
        }

        Assert.Equal(("ejected", 2L, 1L), Servers(rig).Select(server => (server.State, server.Failures, server.Ejections)).First());
        Assert.True(rig.Node.HasLine("server 10.0.0.4:80 taken out of service"), rig.Node.LastLines());
        rig.RunFor(30);
        Assert.Equal("up", Servers(rig)[0].State);
        rig.EndWell();
    }

    [Fact]
    public void A_backup_serves_only_when_no_other_server_does()
    {
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80") with { IsBackup = true }, RelayRig.To("10.0.0.5:80")] });
        var backup = rig.StartTarget(0);
        var usual = rig.StartTarget(1);
        var first = rig.Connect();
        rig.Until(() => usual.Sockets.Count == 1);
        Assert.Empty(backup.Sockets);

        usual.Close();
        var second = rig.Connect();

        rig.Until(() => backup.Sockets.Count == 1);
        first.Reset();
        second.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_name_is_resolved_again_and_every_address_is_used()
    {
        var rig = new RelayRig(
            settings => settings with { Targets = [RelayRig.To("web.example:80")] }, names: names => names.Set("web.example", "10.0.0.4", "10.0.0.5"));
        var targets = Enumerable.Range(0, 3).Select(rig.StartTarget).ToArray();
        var applications = Enumerable.Range(0, 4).Select(_ => rig.Connect()).ToArray();
        rig.Until(() => targets[0].Sockets.Count == 2 && targets[1].Sockets.Count == 2);

        rig.Names.Set("web.example", "10.0.0.6");
        rig.RunFor(31);
        var late = rig.Connect();

        rig.Until(() => targets[2].Sockets.Count == 1);
        Assert.Equal(["web.example/10.0.0.6:80"], Servers(rig).Select(server => server.Name));
        Array.ForEach(applications, application => application.Reset());
        late.Reset();
        rig.EndWell();
    }

    [Fact]
    public void An_address_that_goes_and_comes_back_while_its_connections_live_still_counts_them()
    {
        var rig = new RelayRig(
            settings => settings with { Targets = [RelayRig.To("web.example:80")] }, names: names => names.Set("web.example", "10.0.0.4"));
        var target = rig.StartTarget(0);
        var applications = Enumerable.Range(0, 2).Select(_ => rig.Connect()).ToArray();
        rig.Until(() => target.Sockets.Count == 2);

        rig.Names.Set("web.example", "10.0.0.5");
        rig.RunFor(31);
        Assert.Equal([("web.example/10.0.0.5:80", 0L)], Counts(rig));
        applications[0].Reset();
        rig.Names.Set("web.example", "10.0.0.4", "10.0.0.5");
        rig.RunFor(31);
        Assert.Equal([("web.example/10.0.0.5:80", 0L), ("web.example/10.0.0.4:80", 1L)], Counts(rig));
        Assert.Null(applications[1].Fault);

        // An answer without an address is a failure, which changes nothing.
        rig.Names.Set("web.example");
        rig.RunFor(31);
        Assert.Equal(2, Servers(rig).Count);
        applications[1].Reset();
        rig.RunFor(0.1);
        Assert.Equal([0L, 0L], Servers(rig).Select(server => server.Connections.Active));
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_accepts_and_resets_is_taken_out_of_service()
    {
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80"), RelayRig.To("10.0.0.5:80")] });
        var (resetting, well) = (rig.StartTarget(0), rig.StartTarget(1));
        for (var count = 1; count <= 5; count++)
        {
            var (first, second) = (rig.Connect(), rig.Connect());
            rig.Until(() => resetting.Sockets.Count == count && well.Sockets.Count == count);
            resetting.Sockets[^1].Reset();
            well.Sockets[^1].Finish();
            rig.RunFor(0.1);
            first.Reset();
            second.Reset();
            rig.RunFor(0.1);
        }

        Assert.Equal([("ejected", 5L), ("up", 0L)], Servers(rig).Select(server => (server.State, server.Failures)));
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_finishes_at_once_without_a_byte_is_not_to_blame()
    {
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80"), RelayRig.To("10.0.0.5:80")] });
        var brief = rig.StartTarget(0);
        rig.StartTarget(1);
        for (var count = 1; count <= 6; count++)
        {
            var (first, second) = (rig.Connect(), rig.Connect());
            rig.Until(() => brief.Sockets.Count == count);
            brief.Sockets[^1].Close();
            rig.RunFor(0.1);
            first.Close();
            second.Close();
            rig.RunFor(0.1);
        }

        Assert.Equal([("up", 0L), ("up", 0L)], Servers(rig).Select(server => (server.State, server.Failures)));
        rig.Node.BeginDrain();
        rig.RunFor(31);
        rig.EndWell();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    public void A_connection_goes_on_to_so_many_more_servers(int retries, int tried)
    {
        var rig = new RelayRig(settings => settings with { MaximumRetries = retries });
        var application = rig.Connect();

        rig.Until(() => application.WasReset, 1);

        Assert.Equal(tried, Servers(rig).Sum(server => server.Failures));
        Assert.Equal(retries, Assert.Single(rig.Node.Status().Upstreams).RetriesTotal);
        rig.EndWell();
    }

    [Fact]
    public void The_status_tells_what_the_queue_did()
    {
        var rig = new RelayRig(settings => settings with
        {
            Targets = [RelayRig.To("10.0.0.4:80") with { MaximumConnections = 1 }],
            Queue = new ConnectionQueueSettings { MaximumWaiting = 1, Timeout = TimeSpan.FromSeconds(1) },
        });
        var target = rig.StartTarget(0);
        var applications = new List<ScriptedSocket> { rig.Connect() };
        rig.Until(() => target.Sockets.Count == 1);
        applications.Add(rig.Connect());
        rig.RunFor(0.1);
        applications.Add(rig.Connect());
        rig.Until(() => applications[2].WasReset, 0.1);
        rig.Until(() => applications[1].WasReset, 1);

        Assert.True(rig.Node.HasLine("all servers are full and 1 connections wait"), rig.Node.LastLines());
        var status = Assert.Single(rig.Node.Status().Upstreams);
        Assert.Equal((0, 1L, 1L, 1L), (status.Waiting, status.QueuedTotal, status.QueueFullTotal, status.QueueTimeoutsTotal));
        applications[0].Reset();
        rig.EndWell();
    }

    [Theory]
    [InlineData(BalancePolicies.Source)]
    [InlineData(BalancePolicies.First)]
    public void One_client_stays_with_one_server_under(string balance)
    {
        var rig = new RelayRig(settings => settings with { Balance = balance });
        var targets = Enumerable.Range(0, 3).Select(rig.StartTarget).ToArray();

        var applications = Enumerable.Range(0, 6).Select(_ => rig.Connect()).ToArray();

        rig.Until(() => Array.Exists(targets, target => target.Sockets.Count == 6));
        Array.ForEach(applications, application => application.Reset());
        rig.EndWell();
    }

    private static IEnumerable<(string Name, long Active)> Counts(RelayRig rig) =>
        Servers(rig).Select(server => (server.Name, server.Connections.Active));

    private static IReadOnlyList<ServerStatus> Servers(RelayRig rig) => Assert.Single(rig.Node.Status().Upstreams).Servers;
}
