using Proxy.Kernel.Event;
using Proxy.Protocol.Chains;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>How a client's tunnel comes about, again and again.</summary>
public sealed class TunnelActorTests
{
    private static readonly Destination Named = Destination.TryParse("server.example:4000", out var named) ? named : null!;

    [Fact]
    public void A_name_that_is_not_known_yet_is_asked_for_again()
    {
        var rig = new ClientRig(settings => settings with { Servers = [Named] });
        rig.RunFor(10);
        Assert.Single(rig.Node.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("name not found", StringComparison.Ordinal));

        rig.Names.Set("server.example", "10.0.0.3");

        rig.Until(() => rig.Server.IsReady);
        rig.EndWell();
    }

    [Fact]
    public void A_name_without_addresses_is_asked_for_again()
    {
        var rig = new ClientRig(settings => settings with { Servers = [Named] });
        rig.Names.Set("server.example");
        rig.RunFor(3);
        Assert.True(rig.Node.HasLine("server.example has no address"), rig.Node.LastLines());

        rig.Names.Set("server.example", "10.0.0.3");

        rig.Until(() => rig.Server.IsReady);
        rig.EndWell();
    }

    [Fact]
    public void Each_try_takes_the_names_next_address()
    {
        var rig = new ClientRig(settings => settings with { Servers = [Named] });
        rig.Names.Set("server.example", "10.0.0.99", "10.0.0.3");

        rig.Until(() => rig.Server.IsReady, 8);

        rig.EndWell();
    }

    [Fact]
    public void A_port_where_nobody_listens_is_known_within_seconds()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { StartsServer = false });

        cluster.Until(() => cluster.Client.HasLine("tunnel to", "tunnel lost", "nobody listens"), 3);

        cluster.StartServer();
        cluster.AwaitTunnel();
        cluster.EndWell();
    }

    [Fact]
    public void A_host_that_is_silent_is_given_up_after_the_handshake_timeout()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { StartsServer = false });
        cluster.ServerHost.AnswersPortUnreachable = false;

        cluster.Until(() => cluster.Client.HasLine("tunnel to", "handshake timeout"), 5.5);

        cluster.StartServer();
        cluster.AwaitTunnel(8);
        cluster.EndWell();
    }

    [Fact]
    public void An_outage_is_told_once_and_its_end_too()
    {
        var cluster = new SimulatedCluster();
        cluster.AwaitTunnel();
        for (var round = 0; round < 2; round++)
        {
            cluster.RestartServerHost(TimeSpan.FromSeconds(60));
            cluster.RunFor(5);
        }

        var lines = cluster.Client.Lines.Where(line => line.Level >= LogLevel.Info).Select(line => line.Text.Contains("is ready", StringComparison.Ordinal));
        Assert.Equal([true, false, true, false, true], lines);
        cluster.EndWell();
    }
}
