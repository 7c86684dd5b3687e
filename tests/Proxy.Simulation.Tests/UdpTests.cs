using Proxy.Actors;
using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>Datagrams: application → client node → tunnel → server node → upstream, and back. At the end no flow, socket or buffer is left.</summary>
public sealed class UdpTests
{
    private static readonly ClusterPlan Udp = new() { IsSealed = true, IsUdp = true };

    [Theory]
    [InlineData(TunnelTransport.Kcp)]
    [InlineData(TunnelTransport.Tcp)]
    public void Datagrams_come_to_the_target_and_answers_to_who_asked(TunnelTransport transport)
    {
        var cluster = new SimulatedCluster(plan: Udp with { Transports = [transport] });
        var server = cluster.StartUdpServer(datagram => [.. datagram, 1]);
        cluster.AwaitTunnel();
        var (one, other) = (cluster.OpenUdp(), cluster.OpenUdp());
        one.Send(SimulatedCluster.Frontend, [7]);
        other.Send(SimulatedCluster.Frontend, [8]);
        one.Send(SimulatedCluster.Frontend, new byte[5000]);

        cluster.Until(() => one.Heard.Count == 2 && other.Heard.Count == 1);
        Assert.Contains(one.Heard, heard => heard.Bytes.AsSpan().SequenceEqual<byte>([7, 1]));
        Assert.Contains(one.Heard, heard => heard.Bytes.Length == 5001);
        Assert.Equal([8, 1], other.Heard[0].Bytes);
        Assert.Equal(SimulatedCluster.Frontend, one.Heard[0].From.ToIPEndPoint());
        Assert.Equal(2, server.Heard.Select(heard => heard.From).Distinct().Count());

        // Bytes of datagrams count as those of connections do.
        var frontend = Assert.Single(cluster.Client.Status().Frontends);
        Assert.Equal(("udp://10.0.0.2:7000", 2, 5002L, 5005L), (frontend.Listen, frontend.Connections.Active, frontend.BytesFromClients, frontend.BytesToClients));
        End(cluster, one, other, server);
    }

    [Fact]
    public void A_flow_ends_well_after_a_minute_of_silence_at_both_ends_and_begins_anew()
    {
        var cluster = new SimulatedCluster(plan: Udp);
        var server = cluster.StartUdpServer(datagram => datagram);
        cluster.AwaitTunnel();
        var one = cluster.OpenUdp();
        one.Send(SimulatedCluster.Frontend, [1]);
        cluster.Until(() => one.Heard.Count == 1);
        cluster.RunFor(50);
        one.Send(SimulatedCluster.Frontend, [2]);
        cluster.Until(() => one.Heard.Count == 2);
        cluster.RunFor(55);
        Assert.Equal(1, cluster.Client.Status().Connections.Active);

        cluster.RunFor(10);
        Assert.Equal(0, cluster.Client.Status().Connections.Active);
        Assert.Equal(0, cluster.Server.Status().Connections.Active);
        Assert.False(cluster.Client.HasLine("forward", "fault"), cluster.Client.LastLines());

        one.Send(SimulatedCluster.Frontend, [3]);
        cluster.Until(() => one.Heard.Count == 3);
        Assert.Equal(2, server.Heard.Select(heard => heard.From).Distinct().Count());
        End(cluster, one, server);
    }

    [Fact]
    public void What_is_sent_before_there_is_a_tunnel_goes_when_there_is_one()
    {
        var cluster = new SimulatedCluster(plan: Udp with { StartsServer = false });
        var server = cluster.StartUdpServer(datagram => datagram);
        var one = cluster.OpenUdp();
        for (byte number = 0; number < 100; number++)
        {
            one.Send(SimulatedCluster.Frontend, [number]);
        }

        cluster.RunFor(1);
        cluster.StartServer();
        cluster.Until(() => one.Heard.Count > 0);
        cluster.RunFor(1);

        // The first of them; a queue of all would answer questions that nobody asks any more.
        Assert.Equal(Enumerable.Range(0, 32).Select(number => (byte)number), server.Heard.Select(heard => heard.Bytes[0]));
        End(cluster, one, server);
    }

    [Fact]
    public void A_target_that_no_rule_allows_is_refused_and_the_log_says_so()
    {
        var cluster = new SimulatedCluster(plan: Udp with { Allowed = ["10.9.9.9"] });
        var server = cluster.StartUdpServer(datagram => datagram);
        cluster.AwaitTunnel();
        var one = cluster.OpenUdp();
        one.Send(SimulatedCluster.Frontend, [1]);

        cluster.Until(() => cluster.Client.HasLine("forward", "not allowed", "no rule allows this destination"));
        Assert.True(cluster.Server.HasLine("egress", "not allowed"), cluster.Server.LastLines());
        Assert.Empty(server.Heard);
        cluster.Until(() => cluster.Client.Status().Connections.Active == 0);
        End(cluster, one, server);
    }

    [Fact]
    public void Where_nobody_listens_the_flow_ends_and_says_so()
    {
        var cluster = new SimulatedCluster(plan: Udp);
        cluster.AwaitTunnel();
        var one = cluster.OpenUdp();
        one.Send(SimulatedCluster.Frontend, [1]);

        cluster.Until(() => cluster.Client.HasLine("forward", "reset by upstream", "fault: upstream"));
        Assert.True(cluster.Server.HasLine("egress", "fault: upstream"), cluster.Server.LastLines());
        cluster.Until(() => cluster.Client.Status().Connections.Active == 0 && cluster.Server.Status().Connections.Active == 0);
        End(cluster, one);
    }

    [Fact]
    public void Who_comes_beyond_the_limit_is_refused_and_those_who_are_in_go_on()
    {
        var cluster = new SimulatedCluster(plan: Udp with { MaximumConnections = 3 });
        var server = cluster.StartUdpServer(datagram => datagram);
        cluster.AwaitTunnel();
        var peers = Enumerable.Range(0, 5).Select(_ => cluster.OpenUdp()).ToArray();
        foreach (var peer in peers)
        {
            peer.Send(SimulatedCluster.Frontend, [1]);
            peer.Send(SimulatedCluster.Frontend, [2]);
            cluster.RunFor(0.1);
        }

        Assert.Equal([2, 2, 2, 0, 0], peers.Select(peer => peer.Heard.Count));

        // Its second datagram was not looked at.
        Assert.Equal(2, cluster.Client.Status().Frontends[0].Refused);
        End(cluster, [.. peers, server]);
    }

    [Fact]
    public void A_datagram_that_eight_fragments_do_not_hold_is_counted_and_nothing_of_it_is_sent()
    {
        var cluster = new SimulatedCluster(plan: Udp);
        var server = cluster.StartUdpServer(datagram => datagram);
        cluster.AwaitTunnel();
        var one = cluster.OpenUdp();
        one.Send(SimulatedCluster.Frontend, [1]);
        cluster.Until(() => one.Heard.Count == 1);
        one.Send(SimulatedCluster.Frontend, new byte[20_000]);
        one.Send(SimulatedCluster.Frontend, [2]);

        cluster.Until(() => one.Heard.Count == 2);
        Assert.Equal(2, server.Heard.Count);
        Assert.Equal(1, cluster.Client.Status().TunnelTotals.Counters.PacketsTooLarge);
        End(cluster, one, server);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_server_that_is_restarted_costs_what_was_under_way_and_the_flow_begins_anew(int seed)
    {
        var cluster = new SimulatedCluster(seed, Udp);
        var server = cluster.StartUdpServer(datagram => datagram);
        cluster.AwaitTunnel();
        var one = cluster.OpenUdp();
        one.Send(SimulatedCluster.Frontend, [1]);
        cluster.Until(() => one.Heard.Count == 1);
        cluster.RestartServerHost(TimeSpan.FromSeconds(1));

        var number = (byte)2;
        for (var step = 0; one.Heard.Count < 2 && step < 50; step++)
        {
            one.Send(SimulatedCluster.Frontend, [number++]);
            cluster.RunFor(0.2);
        }

        Assert.True(one.Heard.Count >= 2, cluster.Client.LastLines());
        End(cluster, one, server);
    }

    [Fact]
    public void Thousands_of_flows_are_opened_and_forgotten()
    {
        var cluster = new SimulatedCluster(plan: Udp);
        var server = cluster.StartUdpServer(datagram => datagram);
        cluster.AwaitTunnel();
        var peers = Enumerable.Range(0, 2000).Select(_ => cluster.OpenUdp()).ToArray();
        foreach (var peer in peers)
        {
            peer.Send(SimulatedCluster.Frontend, [1]);
        }

        cluster.Until(() => Array.TrueForAll(peers, peer => peer.Heard.Count == 1), 30);
        Assert.Equal(2000, cluster.Client.Status().Connections.Active);
        cluster.RunFor(70);
        Assert.Equal((0, 2000L), (cluster.Client.Status().Connections.Active, cluster.Client.Status().Connections.Total));
        Assert.Equal(0, cluster.Server.Status().Connections.Active);
        End(cluster, [.. peers, server]);
    }

    private static void End(SimulatedCluster cluster, params UdpPeer[] peers)
    {
        Array.ForEach(peers, peer => peer.Close());

        // Without a limit to the drain each flow has its minute.
        cluster.RunFor(62);
        cluster.EndWell();
    }
}
