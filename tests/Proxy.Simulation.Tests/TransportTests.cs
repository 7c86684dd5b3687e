using Proxy.Actors;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Records;
using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>Whole nodes with a tunnel over TCP, alone and as the second best.</summary>
public sealed class TransportTests
{
    private static readonly ClusterPlan OverTcp = new() { IsSealed = true, Transports = [TunnelTransport.Tcp] };
    private static readonly ClusterPlan KcpThenTcp = OverTcp with { Transports = [TunnelTransport.Kcp, TunnelTransport.Tcp] };

    [Fact]
    public void Any_seed_carries_all_bytes_over_TCP_and_leaves_nothing() => Property.Check(10, random =>
    {
        var cluster = new SimulatedCluster(random.Next(), OverTcp);
        var upstream = cluster.StartTalkingServer();
        cluster.AwaitTunnel();
        cluster.World.Network.Install(new LatencyRule(TimeSpan.FromMilliseconds(random.Next(20)), TimeSpan.FromMilliseconds(random.Next(5))));
        var talkers = Enumerable.Range(1, random.Next(1, 40))
            .Select(key => cluster.StartTalk(TalkingServer.Ask(key, random.Next(1, 200_000), random.Next(1, 200_000)), key)).ToArray();

        cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver) && upstream.Sessions.Values.All(talker => talker.IsOver), 60);

        Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.Equal(("tcp", "alice"), cluster.Server.Status().Tunnels.Select(tunnel => (tunnel.Transport, tunnel.Principal)).Single());
        cluster.EndWell();
    });

    [Theory]
    [InlineData(0.05)]
    [InlineData(10)]
    public void A_server_that_was_restarted_serves_again_over_TCP(double downSeconds)
    {
        var cluster = new SimulatedCluster(plan: OverTcp);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var before = cluster.Connect();
        before.Send("hello");
        cluster.Until(() => upstream.Sockets is [{ Text: "hello" }]);

        cluster.RestartServerHost(TimeSpan.FromSeconds(downSeconds));

        cluster.Until(() => before.WasReset, 5);
        var after = cluster.Connect();
        after.Send("again");
        cluster.Until(() => upstream.Sockets.Any(socket => socket.Text == "again"), 3);
        after.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void A_partition_of_twenty_seconds_is_survived_over_TCP_with_all_streams_intact()
    {
        var cluster = new SimulatedCluster(plan: OverTcp);
        var upstream = cluster.StartTalkingServer();
        cluster.AwaitTunnel();
        var talkers = Enumerable.Range(1, 10).Select(key => cluster.StartTalk(TalkingServer.Ask(key, 200_000, 200_000), key)).ToArray();
        cluster.RunFor(0.2);
        using (cluster.World.Network.Partition(cluster.ClientHost, cluster.ServerHost))
        {
            cluster.RunFor(20);
        }

        cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver), 60);
        Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.True(cluster.Client.HasLine("the server is silent"), cluster.Client.LastLines());
        cluster.EndWell();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Where_datagrams_are_swallowed_the_tunnel_goes_over_TCP_and_comes_back_with_all_streams_intact(int seed)
    {
        var cluster = new SimulatedCluster(seed, KcpThenTcp);
        var upstream = cluster.StartScriptedServer();
        var swallows = true;
        cluster.World.Network.Install(NetworkRule.From(packet => packet.Kind == PacketKind.Datagram && swallows ? Verdict.Drop : Verdict.Pass));
        var first = cluster.Connect();
        first.Send("first");
        cluster.Until(() => upstream.Sockets is [{ Text: "first" }], 3);
        Assert.True(cluster.Client.HasLine("new streams go over tcp://"), cluster.Client.LastLines());
        cluster.RunFor(60);

        swallows = false;
        cluster.Until(() => cluster.Client.HasLine("new streams go over kcp://"), 30);
        var second = cluster.Connect();
        second.Send("second");
        cluster.Until(() => upstream.Sockets is [_, { Text: "second" }], 3);
        first.Send(" and more");
        cluster.Until(() => upstream.Sockets[0].Text == "first and more", 3);
        Assert.Equal(["kcp", "tcp"], cluster.Server.Status().Tunnels.Select(tunnel => tunnel.Transport).Order());

        first.Finish();
        upstream.Sockets[0].Finish();
        cluster.Until(() => first.HasSeenEnd, 3);
        cluster.Until(() => cluster.Server.Status().Tunnels.Count == 1, 10);
        second.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void Datagrams_that_are_swallowed_later_move_new_streams_to_TCP_and_cost_no_old_one()
    {
        var cluster = new SimulatedCluster(plan: KcpThenTcp);
        var upstream = cluster.StartScriptedServer();
        var swallows = false;
        cluster.World.Network.Install(NetworkRule.From(packet => packet.Kind == PacketKind.Datagram && swallows ? Verdict.Drop : Verdict.Pass));
        cluster.Until(() => cluster.Client.HasLine("new streams go over kcp://"), 3);
        var old = cluster.Connect();
        old.Send("old");
        cluster.Until(() => upstream.Sockets is [{ Text: "old" }], 3);

        swallows = true;
        old.Send(" later");
        cluster.Until(() => cluster.Client.HasLine("new streams go over tcp://"), 8);
        var fresh = cluster.Connect();
        fresh.Send("fresh");
        cluster.Until(() => upstream.Sockets is [_, { Text: "fresh" }], 3);
        cluster.RunFor(10);
        swallows = false;

        cluster.Until(() => upstream.Sockets[0].Text == "old later", 5);
        cluster.Until(() => cluster.Client.LastLines(1000).LastIndexOf("go over kcp", StringComparison.Ordinal)
            > cluster.Client.LastLines(1000).LastIndexOf("go over tcp", StringComparison.Ordinal), 5);
        old.Reset();
        fresh.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void Who_says_nothing_or_nonsense_is_shut_out_without_an_answer_and_the_tunnels_stay()
    {
        var cluster = new SimulatedCluster(plan: OverTcp);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var silent = ScriptedSocket.Connect(cluster.ApplicationLoop, SimulatedCluster.TunnelPort);
        var loud = ScriptedSocket.Connect(cluster.ApplicationLoop, SimulatedCluster.TunnelPort);
        loud.Send("GET / HTTP/1.1");
        var half = ScriptedSocket.Connect(cluster.ApplicationLoop, SimulatedCluster.TunnelPort);
        half.Send([(byte)DatagramKind.Hello, DatagramHeader.Version, 4]);
        var forged = ScriptedSocket.Connect(cluster.ApplicationLoop, SimulatedCluster.TunnelPort);
        var hello = new byte[SealingLimits.HandshakeBytes];
        (hello[0], hello[1], hello[2], hello[3]) = ((byte)DatagramKind.Hello, DatagramHeader.Version, SealingLimits.HandshakeBytes >> 8, SealingLimits.HandshakeBytes & 255);
        forged.Send(hello);

        cluster.Until(() => loud.Fault is not null && forged.Fault is not null, 1);
        Assert.Null(silent.Fault);
        cluster.Until(() => silent.Fault is not null && half.Fault is not null, 11);

        Assert.All([silent, loud, half, forged], socket => Assert.Empty(socket.Received));
        Assert.True(cluster.Server.HasLine("what came is no handshake of a sealed tunnel"), cluster.Server.LastLines());
        Assert.True(cluster.Server.HasLine("no handshake in time"), cluster.Server.LastLines());
        Assert.True(cluster.Server.HasLine("the hello was refused"), cluster.Server.LastLines());
        var listener = Assert.Single(cluster.Server.Status().TunnelListeners);
        Assert.Equal(($"tcp://{SimulatedCluster.TunnelPort}", 0), (listener.Listen, listener.HalfOpen));
        Assert.Equal([new HelloCount("malformed", 1), new HelloCount("accepted", 1)], listener.Hellos.Where(hello => hello.Count > 0));
        var application = cluster.Connect();
        application.Send("hello");
        cluster.Until(() => upstream.Sockets is [{ Text: "hello" }], 1);
        application.Reset();
        cluster.EndWell();
    }

    [Theory]
    [InlineData(0, "a record that was not sealed by the other end")]
    [InlineData(20, "a record that was not sealed by the other end")]
    [InlineData(-1, "unknown frame type")]
    public void A_record_that_was_changed_or_makes_no_sense_ends_its_tunnel_with_a_reason(int changedByte, string text)
    {
        var cluster = new SimulatedCluster(plan: OverTcp);
        cluster.AwaitTunnel();
        var socket = ScriptedSocket.Connect(cluster.ApplicationLoop, SimulatedCluster.TunnelPort);
        using var records = ShakeHands(cluster, socket);
        var record = new byte[SealedRecords.MaximumBytes];
        record.AsSpan(SealedRecords.HeaderBytes, 9).Fill(0x77);
        var length = records.Seal(record, 9);
        if (changedByte >= 0)
        {
            record[changedByte] ^= 1;
        }

        // Two, so that a length that was changed has the bytes that it promises.
        socket.Send([.. record[..length], .. new byte[300]]);

        cluster.Until(() => socket.Fault is not null || socket.HasSeenEnd, 3);
        Assert.True(cluster.Server.HasLine("tunnel from 10.0.0.1", "ended", text), cluster.Server.LastLines());
        socket.Close();
        cluster.RunFor(3);
        Assert.Single(cluster.Server.Status().Tunnels);
        cluster.EndWell();
    }

    /// <summary>Becomes a tunnel as a client does.</summary>
    private static SealedRecords ShakeHands(SimulatedCluster cluster, ScriptedSocket socket)
    {
        var settings = new ClientHandshakeSettings { Key = SimulatedCluster.Key, TunnelId = 7, Settings = HandshakeSettings.Empty };
        using var handshake = new ClientHandshake(settings, new SeededSecrets(5), 0, cluster.World.Time.GetUtcNow());
        var hello = new byte[SealingLimits.HandshakeBytes];
        Assert.True(handshake.TryGetDatagram(0, hello, out var length));
        // In two pieces: a stream keeps no bounds.
        socket.Send(hello[..100]);
        cluster.RunFor(0.1);
        socket.Send(hello[100..length]);
        var reply = 0;
        cluster.Until(() => HandshakeFraming.TryMeasure([.. socket.Received], out reply) == Protocol.ReadStatus.Done, 2);
        var tunnel = handshake.HandleDatagram([.. socket.Received.Take(reply)], 0, cluster.World.Time.GetUtcNow());
        Assert.NotNull(tunnel);
        return tunnel.Session.IntoRecords();
    }
}
