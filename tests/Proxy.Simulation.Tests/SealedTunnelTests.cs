using Proxy.Protocol.Sealing.Datagrams;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Simulation.Tests;

/// <summary>A sealed tunnel whose path, far end or own address is gone for a while, and who tries to meddle with it.</summary>
public sealed class SealedTunnelTests
{
    private static readonly ClusterPlan Sealed = new() { IsSealed = true };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_partition_of_twenty_seconds_is_survived_with_all_streams_intact(int seed)
    {
        var cluster = new SimulatedCluster(seed, Sealed);
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

        cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver) && upstream.Sessions.Values.All(talker => talker.IsOver), 5);
        Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.True(cluster.Client.HasLine("the server is silent"), cluster.Client.LastLines());
        Assert.True(cluster.Client.HasLine("the server is back"), cluster.Client.LastLines());
        Assert.False(cluster.Client.HasLine("tunnel to", "ended"), cluster.Client.LastLines());
        cluster.EndWell();
    }

    [Fact]
    public void A_partition_of_more_than_half_a_minute_ends_the_streams_and_the_tunnel_comes_back()
    {
        var cluster = new SimulatedCluster(plan: Sealed);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var before = cluster.Connect();
        before.Send("hello");
        cluster.Until(() => upstream.Sockets is [{ Text: "hello" }]);

        using (cluster.World.Network.Partition(cluster.ClientHost, cluster.ServerHost))
        {
            cluster.Until(() => before.WasReset, 60);
            Assert.True(cluster.Client.HasLine("forward", "tunnel lost", "fault: tunnel"), cluster.Client.LastLines());
            cluster.Until(() => upstream.Sockets[0].WasReset, 60);
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
    [InlineData(60)]
    public void A_server_that_was_restarted_says_so_and_serves_within_a_second(double downSeconds)
    {
        var cluster = new SimulatedCluster(plan: Sealed);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var before = cluster.Connect();
        before.Send("hello");
        cluster.Until(() => upstream.Sockets is [{ Text: "hello" }]);
        cluster.RunFor(1);

        cluster.RestartServerHost(TimeSpan.FromSeconds(downSeconds));

        var restartedAt = cluster.World.Time.Elapsed;
        var after = cluster.Connect();
        after.Send("again");
        cluster.Until(() => upstream.Sockets.Any(socket => socket.Text == "again"), 2);
        Assert.True(before.WasReset);
        Assert.InRange(cluster.World.Time.Elapsed - restartedAt, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        after.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void A_reset_is_what_tells_a_client_of_a_quick_restart()
    {
        var cluster = new SimulatedCluster(plan: Sealed);
        cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        cluster.RestartServerHost(TimeSpan.FromMilliseconds(50));

        var application = cluster.Connect();
        application.Send("hello");

        cluster.Until(() => cluster.Client.HasLine("tunnel to", "ended", "the peer was restarted"), 0.1);
        cluster.Until(() => cluster.Server.HasLine("tunnel from", "(alice)", "is ready"), 0.5);
        application.Reset();
        cluster.EndWell();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_client_whose_address_changes_in_the_middle_keeps_its_tunnel_and_its_streams(int seed)
    {
        var cluster = new SimulatedCluster(seed, Sealed);
        var upstream = cluster.StartTalkingServer();
        cluster.AwaitTunnel();
        var talkers = Enumerable.Range(1, 5).Select(key => cluster.StartTalk(TalkingServer.Ask(key, 300_000, 300_000), key)).ToArray();
        cluster.RunFor(0.2);
        Assert.DoesNotContain(talkers, talker => talker.IsOver);
        var old = UdpAddress.From(new System.Net.IPEndPoint(cluster.ClientHost.Addresses[0], 0)).Host;

        cluster.ClientHost.AddAddress("10.0.0.12");
        var gone = NetworkRule.From(packet => packet.Kind == PacketKind.Datagram && packet.To.Host == old ? Verdict.Drop : Verdict.Pass);
        cluster.World.Network.Install(gone);

        cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver), 20);
        Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
        Assert.True(gone.Dropped > 0, "nothing went to the old address");
        Assert.Contains("10.0.0.12", Assert.Single(cluster.Server.Status().Tunnels).Peer);
        Assert.False(cluster.Client.HasLine("tunnel to", "ended"), cluster.Client.LastLines());
        cluster.EndWell();
    }

    [Fact]
    public void A_wrong_key_meets_silence_and_the_log_says_what_that_may_mean()
    {
        var cluster = new SimulatedCluster(plan: Sealed with { HasWrongKey = true });
        var answers = NetworkRule.From(_ => Verdict.Pass);
        cluster.World.Network.Install(answers.Only(packet => packet.FromHost == cluster.ServerHost));

        cluster.RunFor(30);

        Assert.True(cluster.Client.HasLine("tunnel to", "no answer: wrong key, or nothing there"), cluster.Client.LastLines());
        Assert.Single(cluster.Client.Lines, line => line.Level == Kernel.Event.LogLevel.Warning);
        Assert.Equal(0, answers.Asked);
        Assert.Empty(cluster.Server.Status().Tunnels);
        cluster.EndWell();
    }

    [Fact]
    public void What_a_stranger_plays_again_or_makes_up_is_not_answered_and_changes_nothing()
    {
        var cluster = new SimulatedCluster(plan: Sealed);
        var recorded = new List<byte[]>();
        var tap = cluster.World.Network.Install(NetworkRule.From(packet =>
        {
            if (packet.Kind == PacketKind.Datagram && packet.ToHost == cluster.ServerHost)
            {
                recorded.Add(packet.Bytes.ToArray());
            }

            return Verdict.Pass;
        }));
        cluster.StartTalkingServer();
        cluster.AwaitTunnel();
        var talker = cluster.StartTalk(TalkingServer.Ask(1, 500_000, 500_000), 1);
        cluster.RunFor(0.5);
        tap.Dispose();
        Assert.Contains(recorded, datagram => datagram[0] == (byte)DatagramKind.Hello);
        Assert.False(talker.IsOver);

        // The half-open time of the hello is over: its reply does not go out again.
        cluster.RunFor(6);
        var stranger = new Stranger(cluster.ApplicationLoop);
        var random = new Random(5);
        foreach (var datagram in recorded)
        {
            stranger.Send(datagram);
            var forged = datagram.ToArray();
            forged[random.Next(forged.Length)] ^= (byte)(1 << random.Next(8));
            stranger.Send(forged);
            random.NextBytes(forged);
            stranger.Send(forged);
            stranger.Send(datagram[..random.Next(1, datagram.Length)]);
        }

        cluster.Until(() => talker.IsOver, 60);
        Assert.True(talker.IsComplete, talker.ToString());
        Assert.Equal(0, stranger.Answers);
        Assert.Single(cluster.Server.Status().Tunnels);
        cluster.EndWell();
    }

    [Theory]
    [InlineData(Actors.TunnelTransport.Kcp)]
    [InlineData(Actors.TunnelTransport.Tcp)]
    public void A_stream_that_a_sealed_server_has_no_room_for_is_opened_again_until_it_has_and_keeps_what_was_sent(Actors.TunnelTransport transport)
    {
        var cluster = new SimulatedCluster(plan: Sealed with { ServerStreams = 2, Transports = [transport] });
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var first = new[] { cluster.Connect(), cluster.Connect() };
        cluster.Until(() => upstream.Sockets.Count == 2, 1);
        var third = cluster.Connect();
        var early = new byte[15_000];
        third.Send(early);
        cluster.RunFor(2);
        Assert.Equal(2, upstream.Sockets.Count);
        Assert.Null(third.Fault);
        Assert.InRange(cluster.Server.Status().TunnelTotals.Counters.StreamsRefused, 5, 40);

        first[0].Reset();

        cluster.Until(() => upstream.Sockets is [_, _, { Received.Count: 15_000 }], 1);
        first[1].Reset();
        third.Reset();
        cluster.EndWell();
    }

    private sealed class Stranger : IUdpHandler
    {
        private readonly SimulatedLoop _loop;
        private readonly IUdpEndpoint _endpoint;

        public Stranger(SimulatedLoop loop)
        {
            _loop = loop;
            _endpoint = loop.Run(() => loop.TryOpenUdp(
                new System.Net.IPEndPoint(System.Net.IPAddress.Any, 0), SimulatedCluster.TunnelPort, UdpOptions.Default, this, out var endpoint, out var fault)
                    ? endpoint
                    : throw new InvalidOperationException(fault.Text));
        }

        public int Answers { get; private set; }

        public void Send(byte[] datagram) => _loop.Run(() => { _endpoint.Send(datagram, datagram.Length, default); });

        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from) => Answers++;

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
        {
            // Counted already.
        }

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
        {
            // The server's port is bound.
        }
    }
}
