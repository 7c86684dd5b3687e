using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>The path or the far end is gone for a while.</summary>
public sealed class OutageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_partition_of_twenty_seconds_is_survived_with_all_streams_intact(int seed)
    {
        var cluster = new SimulatedCluster(seed);
        var upstream = cluster.StartTalkingServer();
        cluster.AwaitTunnel();
        var talkers = Enumerable.Range(1, 10).Select(key => cluster.StartTalk(TalkingServer.Ask(key, 200_000, 200_000), key)).ToArray();
        cluster.RunFor(0.2);
        Assert.Equal(10, upstream.Sessions.Count);
        Assert.DoesNotContain(talkers, talker => talker.IsOver);

        using (cluster.World.Network.Partition(cluster.ClientHost, cluster.ServerHost))
        {
            cluster.RunFor(20);
        }

        cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver) && upstream.Sessions.Values.All(talker => talker.IsOver), 20);
        Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.False(cluster.Client.HasLine("tunnel to", "ended"), cluster.Client.LastLines());
        cluster.EndWell();
    }

    [Fact]
    public void A_partition_that_outlasts_the_keepalive_ends_the_streams_and_the_tunnel_comes_back()
    {
        var cluster = new SimulatedCluster();
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var before = cluster.Connect();
        before.Send("hello");
        cluster.Until(() => upstream.Sockets is [{ Text: "hello" }]);

        using (cluster.World.Network.Partition(cluster.ClientHost, cluster.ServerHost))
        {
            cluster.Until(() => before.WasReset, 30);
            Assert.True(cluster.Client.HasLine("forward", "tunnel lost", "keepalive", "fault: tunnel"), cluster.Client.LastLines());
            cluster.Until(() => upstream.Sockets[0].WasReset, 30);
        }

        var after = cluster.Connect();
        after.Send("again");
        cluster.Until(() => upstream.Sockets is [_, { Text: "again" }], 5);
        after.Reset();
        cluster.EndWell();
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(40)]
    public void A_server_host_that_crashes_resets_the_connections_and_serves_new_ones_within_two_seconds_of_its_restart(double downSeconds)
    {
        var cluster = new SimulatedCluster();
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var before = cluster.Connect();
        before.Send("hello");
        cluster.Until(() => upstream.Sockets is [{ Text: "hello" }]);

        cluster.RestartServerHost(TimeSpan.FromSeconds(downSeconds));

        var restartedAt = cluster.World.Time.Elapsed;
        var after = cluster.Connect();
        after.Send("again");
        cluster.Until(() => upstream.Sockets.Any(socket => socket.Text == "again"), 2);
        Assert.True(before.WasReset);
        Assert.InRange(cluster.World.Time.Elapsed - restartedAt, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        after.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void A_connection_that_arrives_while_the_tunnel_is_down_waits_and_works()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { StartsServer = false });
        var upstream = cluster.StartScriptedServer();
        cluster.RunFor(3);
        var application = cluster.Connect();
        application.Send("early ");
        cluster.RunFor(2);
        Assert.True(application is { IsConnected: true, Fault: null });

        application.Send("words");
        cluster.StartServer();
        cluster.Until(() => upstream.Sockets is [{ Text: "early words" }], 3);
        upstream.Sockets[0].Send("answer");
        cluster.Until(() => application.Text == "answer");
        application.Finish();
        upstream.Sockets[0].Finish();
        cluster.Until(() => application.HasSeenEnd && upstream.Sockets[0].HasSeenEnd);
        application.Close();
        upstream.Sockets[0].Close();
        cluster.EndWell();
    }

    [Fact]
    public void A_connection_that_no_tunnel_serves_is_reset_at_its_connect_deadline()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { StartsServer = false });
        cluster.RunFor(1);
        var application = cluster.Connect();
        var connectedAt = cluster.World.Time.Elapsed;

        cluster.Until(() => application.WasReset, 6);

        Assert.InRange((cluster.World.Time.Elapsed - connectedAt).TotalSeconds, 4.9, 5.1);
        Assert.True(cluster.Client.HasLine("forward", "no tunnel ready", "fault: tunnel"), cluster.Client.LastLines());
        cluster.StartServer();
        cluster.EndWell();
    }

    [Fact]
    public void An_application_that_resets_while_it_waits_for_a_tunnel_leaves_nothing()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { StartsServer = false });
        cluster.RunFor(1);
        var application = cluster.Connect();
        application.Send("never mind");
        cluster.RunFor(1);

        application.Reset();

        cluster.Until(() => cluster.Client.HasLine("forward", "reset by client", "fault: client"), 1);
        cluster.World.Settle();
        Assert.Equal(0, cluster.Client.Status().Connections.Active);
        cluster.StartServer();
        cluster.AwaitTunnel(10);
        Assert.Equal(0, cluster.Client.Status().Streams.Total);
        cluster.EndWell();
    }

    [Fact]
    public void A_tunnel_is_tried_again_for_ever_and_said_to_be_down_once()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { StartsServer = false });
        cluster.RunFor(600);
        Assert.Single(cluster.Client.Lines, line => line.Level == Kernel.Event.LogLevel.Warning);

        cluster.StartServer();
        cluster.AwaitTunnel(2);
        Assert.Contains(cluster.Client.Status().Tunnels, tunnel => tunnel.State == "ready");
        cluster.EndWell();
    }
}
