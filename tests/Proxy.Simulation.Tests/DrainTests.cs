using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>A node that ends in good order: nothing new, everything old.</summary>
public sealed class DrainTests
{
    [Fact]
    public void A_draining_server_lets_open_streams_finish_and_refuses_new_ones()
    {
        var cluster = new SimulatedCluster();
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var old = cluster.Connect();
        old.Send("old");
        cluster.Until(() => upstream.Sockets is [{ Text: "old" }]);

        cluster.Server.BeginDrain();
        cluster.RunFor(1);
        var late = cluster.Connect();
        late.Send("late");
        cluster.Until(() => late.WasReset, 6);
        Assert.Single(upstream.Sockets);
        Assert.False(cluster.Server.HasStopped);

        old.Send(" words");
        old.Finish();
        cluster.Until(() => upstream.Sockets[0] is { Text: "old words", HasSeenEnd: true });
        upstream.Sockets[0].Send("answer");
        upstream.Sockets[0].Finish();
        cluster.Until(() => old is { Text: "answer", HasSeenEnd: true, Fault: null });
        old.Close();
        upstream.Sockets[0].Close();
        cluster.Until(() => cluster.Server.HasStopped, 5);
        cluster.EndWell();
    }

    [Fact]
    public void A_connection_that_a_draining_server_refused_goes_through_the_next_one()
    {
        var cluster = new SimulatedCluster();
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        cluster.Server.BeginDrain();
        cluster.Until(() => cluster.Server.HasStopped);
        var application = cluster.Connect();
        application.Send("patient");
        cluster.RunFor(1);

        cluster.StartServer();

        cluster.Until(() => upstream.Sockets is [{ Text: "patient" }], 3);
        application.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void A_draining_client_accepts_nothing_and_lets_open_connections_finish()
    {
        var cluster = new SimulatedCluster();
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var old = cluster.Connect();
        old.Send("old");
        cluster.Until(() => upstream.Sockets is [{ Text: "old" }]);

        cluster.Client.BeginDrain();
        cluster.RunFor(1);
        var late = cluster.Connect();
        cluster.Until(() => late.Fault is not null, 1);
        Assert.False(cluster.Client.HasStopped);

        upstream.Sockets[0].Send("still here");
        upstream.Sockets[0].Finish();
        cluster.Until(() => old is { Text: "still here", HasSeenEnd: true });
        old.Finish();
        cluster.Until(() => upstream.Sockets[0].HasSeenEnd);
        cluster.Until(() => cluster.Client.HasStopped, 5);
        Assert.Null(old.Fault);
        cluster.Until(() => cluster.Server.HasLine("tunnel from", "shut down by peer"), 1);
        old.Close();
        upstream.Sockets[0].Close();
        cluster.EndWell();
    }

    [Fact]
    public void The_last_bytes_of_a_drained_tunnel_arrive_also_over_a_bad_path()
    {
        Property.Check(runs: 20, random =>
        {
            var cluster = new SimulatedCluster(random.Next());
            var upstream = cluster.StartTalkingServer();
            cluster.AwaitTunnel();
            var talkers = Enumerable.Range(1, 5)
                .Select(key => cluster.StartTalk(TalkingServer.Ask(key, random.Next(20_000), random.Next(20_000)), random.Next())).ToArray();
            cluster.Until(() => upstream.Sessions.Count == talkers.Length);
            using var loss = cluster.World.Network.Install(new LossRule(0.3).Only(packet => packet.Kind == PacketKind.Datagram));
            if (random.Next(2) == 0)
            {
                cluster.Server.BeginDrain();
            }
            else
            {
                cluster.Client.BeginDrain();
            }

            cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver) && upstream.Sessions.Values.All(talker => talker.IsOver), 60);
            Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
            Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
            cluster.EndWell();
        });
    }

    [Fact]
    public void A_client_drains_while_its_server_is_gone()
    {
        var cluster = new SimulatedCluster();
        cluster.AwaitTunnel();
        cluster.ServerHost.Crash();
        cluster.RunFor(60);

        cluster.Client.BeginDrain();

        cluster.Until(() => cluster.Client.HasStopped, 1);
        cluster.ServerHost.Restart();
        cluster.StartServer();
        cluster.EndWell();
    }
}
