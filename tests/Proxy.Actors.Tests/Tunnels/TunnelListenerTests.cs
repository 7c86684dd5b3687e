using System.Net;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Actors.Tests;

/// <summary>Who may open a tunnel, and what strangers get: nothing.</summary>
public sealed class TunnelListenerTests
{
    [Fact]
    public void Beyond_the_limit_nobody_is_answered_until_a_tunnel_has_ended()
    {
        var rig = new ServerRig(settings => settings with { MaximumTunnels = 2 });
        var second = rig.OpenTunnel();
        var third = BareTunnel.ToServer(rig.PeerLoop, ServerRig.TunnelPort);
        rig.RunFor(1);
        Assert.False(third.IsReady);
        Assert.Equal(2, rig.Node.Status().Tunnels.Count);

        second.Close();

        rig.Until(() => third.IsReady, 4);
        third.Close();
        rig.EndWell();
    }

    [Fact]
    public void Garbage_of_strangers_gets_no_answer_and_no_state()
    {
        var rig = new ServerRig();
        var stranger = new Stranger(rig.PeerLoop);
        var random = new Random(4);
        for (var count = 0; count < 500; count++)
        {
            var garbage = new byte[random.Next(1, 1400)];
            random.NextBytes(garbage);
            stranger.Send(garbage);
        }

        rig.RunFor(1);

        Assert.Equal(0, stranger.Answers);
        Assert.Single(rig.Node.Status().Tunnels);
        rig.EndWell();
    }

    [Fact]
    public void A_datagram_of_an_unknown_tunnel_is_answered_briefly_and_not_often()
    {
        var rig = new ServerRig();
        var stranger = new Stranger(rig.PeerLoop);

        // KCP: conversation 0, PUSH, segment number 5, no payload.
        byte[] goesOn = [0, 0, 0, 0, 81, 0, 0, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for (var count = 0; count < 1000; count++)
        {
            stranger.Send(goesOn);
        }

        rig.RunFor(0.5);

        Assert.InRange(stranger.Answers, 1, 150);
        Assert.InRange(stranger.LongestAnswerBytes, 1, goesOn.Length);
        Assert.Single(rig.Node.Status().Tunnels);
        rig.EndWell();
    }

    [Fact]
    public void A_port_that_is_taken_is_a_failed_start()
    {
        var rig = new ServerRig();
        var host = rig.World.Hosts.Single(candidate => candidate.Name == "server");

        Assert.Contains(
            "cannot listen on kcp://10.0.0.3:4000",
            StartedNode.FailureOf(rig.World, host, new NodeSettings { Name = "second", Servers = [new ServerSettings { Listen = [ServerRig.TunnelPort] }] }),
            StringComparison.Ordinal);
        rig.EndWell();
    }

    [Fact]
    public void A_drain_without_streams_ends_the_tunnels_at_once()
    {
        var rig = new ServerRig();

        rig.Node.BeginDrain();

        rig.Until(() => rig.Node.HasStopped, 1);
        rig.Until(() => rig.Tunnel.End == Protocol.Ends.EndReason.PeerShutDown);
        rig.EndWell();
    }

    private sealed class Stranger : IUdpHandler
    {
        private readonly SimulatedLoop _loop;
        private readonly IUdpEndpoint _endpoint;

        public Stranger(SimulatedLoop loop)
        {
            _loop = loop;
            _endpoint = loop.Run(() =>
                loop.TryOpenUdp(new IPEndPoint(IPAddress.Any, 0), ServerRig.TunnelPort, UdpOptions.Default, this, out var endpoint, out var fault)
                    ? endpoint
                    : throw new InvalidOperationException(fault.Text));
        }

        public int Answers { get; private set; }

        public int LongestAnswerBytes { get; private set; }

        public void Send(byte[] datagram) => _loop.Run(() => { _endpoint.Send(datagram, datagram.Length, default); });

        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
        {
            Answers += (datagrams.Length + segmentSizeBytes - 1) / segmentSizeBytes;
            LongestAnswerBytes = Math.Max(LongestAnswerBytes, segmentSizeBytes);
        }

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
