using Proxy.Actors;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Simulation.Tests;

/// <summary>A tunnel that nears the end of what it can use up: another takes its place, and what is on it goes on.</summary>
public sealed class ReplacementTests
{
    // So many streams a tunnel has ids for, and with so many left it is to be replaced.
    private const int Ids = 40;
    private const int Left = 20;
    private static readonly int FirstId = int.MaxValue - (2 * (Ids - 1));

    private static readonly ClusterPlan Sealed = new() { IsSealed = true };

    private static readonly ClusterPlan FewIds = Sealed with
    {
        NativeTunnel = NativeTunnelSettings.Default with { FirstStreamId = FirstId, ReplaceBelowStreams = Left, UserLanes = 1 },
        Tunnel = TunnelSettings.Default with { FirstStreamId = FirstId, ReplaceBelowStreams = Left },
    };

    [Theory]
    [InlineData(true, TunnelTransport.Kcp)]
    [InlineData(true, TunnelTransport.Tcp)]
    [InlineData(false, TunnelTransport.Kcp)]
    public void When_ids_run_short_another_tunnel_takes_over_and_long_streams_go_on(bool isSealed, TunnelTransport transport)
    {
        var cluster = new SimulatedCluster(plan: FewIds with { IsSealed = isSealed, Transports = [transport] });
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var old = cluster.Connect();
        old.Send("old");
        cluster.Until(() => upstream.Sockets is [{ Text: "old" }]);

        for (var count = 1; count <= 5 * Ids; count++)
        {
            Exchange(cluster, upstream);
        }

        old.Send(" and later");
        cluster.Until(() => upstream.Sockets[0].Text == "old and later", 3);
        Assert.True(cluster.Client.HasLine("tunnel to", "to be replaced, few ids are left"), cluster.Client.LastLines());
        Assert.InRange(Count(cluster, "is ready"), 6, 14);
        cluster.RunFor(5);
        Assert.Equal(2, cluster.Server.Status().Tunnels.Count);
        old.Reset();
        cluster.RunFor(5);
        Assert.Single(cluster.Server.Status().Tunnels);
        cluster.EndWell();
    }

    [Fact]
    public void When_datagram_numbers_run_short_at_either_end_another_tunnel_takes_over_and_every_byte_arrives()
    {
        var cluster = new SimulatedCluster(plan: Sealed with { Session = SessionLimits.Default with { Numbers = 4000, ReplaceBelowDatagrams = 3000 } });
        var upstream = cluster.StartTalkingServer();
        cluster.AwaitTunnel();
        for (var round = 1; round <= 20; round++)
        {
            // Uploads wear the client's numbers, downloads the server's.
            var (up, down) = round % 2 == 0 ? (400_000, 1000) : (1000, 400_000);
            var talker = cluster.StartTalk(TalkingServer.Ask(round, up, down), round);
            cluster.Until(() => talker.IsOver, 30);
            Assert.True(talker.IsComplete, talker.ToString());
        }

        cluster.Until(() => upstream.Sessions.Values.All(talker => talker.IsOver), 5);
        Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.True(cluster.Client.HasLine("to be replaced, its keys or numbers near their end"), cluster.Client.LastLines());
        Assert.True(cluster.Server.HasLine("to be replaced, its keys or numbers near their end"), cluster.Server.LastLines());
        Assert.InRange(Count(cluster, "is ready"), 3, 12);
        cluster.EndWell();
    }

    [Fact]
    public void A_stream_that_stays_until_the_numbers_are_used_up_ends_with_that_reason_and_nothing_hangs()
    {
        var cluster = new SimulatedCluster(plan: Sealed with { Session = SessionLimits.Default with { Numbers = 500, ReplaceBelowDatagrams = 400 } });
        cluster.StartTalkingServer();
        cluster.AwaitTunnel();

        var talker = cluster.StartTalk(TalkingServer.Ask(1, 2_000_000, 1000), 1);

        cluster.Until(() => talker.IsOver, 5);
        Assert.False(talker.IsComplete);
        Assert.True(cluster.Client.HasLine("ended: tunnel lost (its keys or numbers are used up)", "fault: tunnel"), cluster.Client.LastLines());
        cluster.EndWell();
    }

    [Theory]
    [InlineData(TunnelTransport.Kcp)]
    [InlineData(TunnelTransport.Tcp)]
    public void A_tunnel_that_is_old_enough_is_renewed_and_its_streams_go_on(TunnelTransport transport)
    {
        var cluster = new SimulatedCluster(plan: Sealed with { RenewAfter = TimeSpan.FromSeconds(20), Transports = [transport] });
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var sockets = new List<ScriptedSocket>();
        for (var round = 0; round < 5; round++)
        {
            var socket = cluster.Connect();
            socket.Send("a");
            sockets.Add(socket);
            cluster.RunFor(21);
        }

        sockets.ForEach(socket => socket.Send("b"));
        cluster.Until(() => upstream.Sockets.All(socket => socket.Text == "ab"), 3);
        Assert.InRange(Count(cluster, "is ready"), 5, 6);
        Assert.True(cluster.Client.HasLine("another one is made to take its place, as it is old enough"), cluster.Client.LastLines());
        Assert.InRange(cluster.Server.Status().Tunnels.Count, 4, 6);
        sockets.ForEach(socket => socket.Reset());
        cluster.RunFor(5);
        Assert.Single(cluster.Server.Status().Tunnels);
        cluster.EndWell();
    }

    [Fact]
    public void While_the_server_is_away_a_worn_tunnel_serves_on_until_another_one_comes_up()
    {
        var cluster = new SimulatedCluster(plan: FewIds);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var refusing = cluster.World.Network.Install(TestKit.NetworkRule.From(packet =>
            packet.Kind == TestKit.PacketKind.Datagram && packet.Bytes.Span[0] == (byte)Protocol.Sealing.Datagrams.DatagramKind.Hello
                ? TestKit.Verdict.Drop
                : TestKit.Verdict.Pass));

        for (var count = 0; count < Ids - 5; count++)
        {
            Exchange(cluster, upstream);
        }

        cluster.RunFor(10);
        Exchange(cluster, upstream);
        Assert.Equal(1, Count(cluster, "is ready"));
        refusing.Dispose();
        cluster.Until(() => Count(cluster, "is ready") == 2, 10);
        Exchange(cluster, upstream);
        cluster.RunFor(5);
        Assert.Single(cluster.Server.Status().Tunnels);
        cluster.EndWell();
    }

    /// <summary>One short connection, to its end.</summary>
    private static void Exchange(SimulatedCluster cluster, ScriptedServer upstream)
    {
        var socket = cluster.Connect();
        var before = upstream.Sockets.Count;
        socket.Send("short");
        cluster.Until(() => upstream.Sockets.Count > before && upstream.Sockets[^1].Text == "short", 2);
        Assert.Null(socket.Fault);
        socket.Reset();
        cluster.RunFor(0.01);
    }

    private static int Count(SimulatedCluster cluster, string text) =>
        cluster.Client.Lines.Count(line => line.Text.Contains("tunnel to", StringComparison.Ordinal) && line.Text.Contains(text, StringComparison.Ordinal));
}
