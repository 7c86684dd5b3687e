using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Simulation.Tests;

/// <summary>
/// A server with two loops, and so two sockets at one address, over which the network spreads senders by their ports: a client that changes its
/// port may come to the socket of the loop that has not its tunnel.
/// </summary>
public sealed class SeveralSocketsTests
{
    [Fact]
    public void Clients_that_change_their_ports_keep_their_tunnels_and_streams_whichever_socket_they_come_to()
    {
        var (passedOn, moved) = (0L, 0);
        for (var seed = 1; seed <= 6; seed++)
        {
            var cluster = new SimulatedCluster(seed, new ClusterPlan { IsSealed = true, Connections = 4 });
            var upstream = cluster.StartTalkingServer();
            AwaitTunnels(cluster, 4);
            var talkers = Enumerable.Range(1, 8).Select(key => cluster.StartTalk(TalkingServer.Ask(key, 300_000, 300_000), key)).ToArray();
            cluster.RunFor(0.1);
            var before = cluster.Server.Status().Tunnels.Select(tunnel => tunnel.Peer).ToHashSet();
            Assert.DoesNotContain(talkers, talker => talker.IsOver);

            // Every way that the tunnels have is cut; they find others.
            var old = before.Select(AddressOf).ToHashSet();
            var cut = NetworkRule.From(packet =>
                packet.Kind == PacketKind.Datagram && (old.Contains(packet.From) || old.Contains(packet.To)) ? Verdict.Drop : Verdict.Pass);
            cluster.World.Network.Install(cut);
            cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver) && upstream.Sessions.Values.All(talker => talker.IsOver), 60);

            Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
            Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
            Assert.False(cluster.Client.HasLine("tunnel to", "ended"), cluster.Client.LastLines());
            var status = cluster.Server.Status();
            moved += status.Tunnels.Count(tunnel => !before.Contains(tunnel.Peer));
            var listener = Assert.Single(status.TunnelListeners);
            Assert.Equal(2, listener.Sockets);
            Assert.Equal(0, listener.DatagramsNotPassedOn);
            passedOn += listener.DatagramsPassedOn;
            cluster.EndWell();
        }

        Assert.True(moved > 6, $"{moved} tunnels have moved");
        Assert.True(passedOn > 100, $"{passedOn} datagrams came to the wrong socket");
    }

    [Fact]
    public void Four_tunnels_live_on_both_loops_of_client_and_server_and_connections_go_through_all()
    {
        var cluster = new SimulatedCluster(seed: 3, new ClusterPlan { IsSealed = true, Connections = 4 });
        cluster.StartTalkingServer();
        AwaitTunnels(cluster, 4);
        var talkers = Enumerable.Range(1, 40).Select(key => cluster.StartTalk(TalkingServer.Ask(key, 2_000, 2_000), key)).ToArray();
        cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver), 20);

        Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.All(cluster.Client.Status().Tunnels, tunnel => Assert.True(tunnel.StreamsTotal > 0, $"{tunnel}"));
        Assert.All(cluster.Client.Loops, loop => Assert.True(loop.Counters.OpenEndpoints == 2, $"{loop}: {loop.Counters.OpenEndpoints}"));
        cluster.EndWell();
    }

    [Fact]
    public void Half_of_a_pool_without_a_tunnel_leaves_the_connections_to_the_other_half()
    {
        var cluster = new SimulatedCluster(seed: 4, new ClusterPlan { IsSealed = true, Connections = 2 });
        cluster.StartTalkingServer();
        AwaitTunnels(cluster, 2);

        // One of the two tunnels is cut, whatever port it moves to, and none takes its place.
        var kept = AddressOf(cluster.Server.Status().Tunnels[1].Peer);
        cluster.World.Network.Install(NetworkRule.From(packet =>
            packet.Kind == PacketKind.Datagram && packet.From != kept && packet.To != kept ? Verdict.Drop : Verdict.Pass));
        cluster.Until(() => cluster.Client.HasLine("tunnel to", "ended"), 90);

        for (var key = 1; key <= 6; key++)
        {
            var talker = cluster.StartTalk(TalkingServer.Ask(key, 2_000, 2_000), key);
            cluster.Until(() => talker.IsOver, 2);
            Assert.True(talker.IsComplete, talker.ToString());
        }

        cluster.EndWell();
    }

    private static void AwaitTunnels(SimulatedCluster cluster, int count) =>
        cluster.Until(() => cluster.Server.Lines.Count(line => line.Text.Contains("is ready", StringComparison.Ordinal)) == count, 5);

    private static UdpAddress AddressOf(string peer) => UdpAddress.From(System.Net.IPEndPoint.Parse(peer.Split("://")[^1]));
}
