using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>A stream at the server, from its header to its upstream.</summary>
public sealed class EgressTests
{
    [Fact]
    public void The_answer_comes_before_the_upstreams_first_byte()
    {
        var rig = new ServerRig();
        var upstream = rig.StartUpstream();
        var stream = rig.Tunnel.OpenStream(ServerRig.To("10.0.0.4:80"));
        stream.Send("hello");
        rig.Until(() => upstream.Sockets is [{ Text: "hello" }]);
        upstream.Sockets[0].Send("welcome");

        rig.Until(() => stream.Received.Count >= 4 + 7);

        Assert.Equal(new ChainResponse(ChainStatus.Ok), stream.Response);
        Assert.EndsWith("welcome", stream.Text, StringComparison.Ordinal);
        stream.Reset();
        rig.Until(() => upstream.Sockets[0].WasReset);
        rig.EndWell();
    }

    [Fact]
    public void A_header_may_come_byte_by_byte()
    {
        var rig = new ServerRig();
        var upstream = rig.StartUpstream();
        var stream = rig.Tunnel.OpenStream();
        foreach (var single in BareTunnel.Bytes(ServerRig.To("10.0.0.4:80")))
        {
            stream.Send([single]);
            rig.RunFor(0.05);
        }

        rig.Until(() => upstream.Sockets.Count == 1);
        stream.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_malformed_header_is_answered_with_status_7()
    {
        var rig = new ServerRig();
        var response = rig.AwaitRefusal(rig.Tunnel.OpenStream("GET / HTTP/1.1\r\n\r\n"u8.ToArray()));

        Assert.Equal(ChainStatus.Malformed, response.Status);
        Assert.True(rig.Node.HasLine("egress", "malformed input", "UnknownVersion", "fault: tunnel"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_stream_that_ends_inside_its_header_is_malformed()
    {
        var rig = new ServerRig();
        var stream = rig.Tunnel.OpenStream(BareTunnel.Bytes(ServerRig.To("10.0.0.4:80"))[..7]);
        stream.Finish();

        Assert.Equal(ChainStatus.Malformed, rig.AwaitRefusal(stream).Status);
        rig.EndWell();
    }

    [Fact]
    public void A_header_that_does_not_come_is_waited_for_as_long_as_a_connect()
    {
        var rig = new ServerRig(settings => settings with { Timeouts = new ConnectionTimeouts { Connect = TimeSpan.FromSeconds(3) } });
        var stream = rig.Tunnel.OpenStream([1, 1]);
        rig.RunFor(2.9);
        Assert.False(stream.HasSeenEnd);

        Assert.Equal(ChainStatus.Malformed, rig.AwaitRefusal(stream).Status);
        Assert.True(rig.Node.HasLine("egress", "header timeout", "fault: client"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_stream_that_is_reset_inside_its_header_is_the_clients_end()
    {
        var rig = new ServerRig();
        var stream = rig.Tunnel.OpenStream([1, 1]);
        rig.RunFor(0.1);
        stream.Reset();

        rig.Until(() => rig.Node.HasLine("egress", "reset by client", "fault: client"));
        rig.EndWell();
    }

    [Fact]
    public void A_tunnel_without_packets_carries_no_UDP()
    {
        var rig = new ServerRig();
        var upstream = rig.StartUpstream();

        var response = rig.AwaitRefusal(rig.Tunnel.OpenStream(ServerRig.To("10.0.0.4:80", ChainCommand.Udp)));

        Assert.Equal(ChainStatus.NotAllowed, response.Status);
        Assert.Contains("UDP", response.Text, StringComparison.Ordinal);
        Assert.Empty(upstream.Sockets);
        rig.EndWell();
    }

    [Theory]
    [InlineData("10.0.0.4:80", ChainStatus.Refused)]
    [InlineData("10.0.0.4:81", ChainStatus.NotAllowed)]
    [InlineData("10.9.9.9:80", ChainStatus.NotAllowed)]
    [InlineData("nowhere.example:80", ChainStatus.NameNotFound)]
    [InlineData("empty.example:80", ChainStatus.NameNotFound)]
    [InlineData("forbidden.example:80", ChainStatus.NotAllowed)]
    public void Each_failure_has_its_status(string destination, ChainStatus status)
    {
        var rig = new ServerRig();
        rig.Names.Set("empty.example");
        rig.Names.Set("forbidden.example", "10.9.9.9");

        Assert.Equal(status, rig.AwaitRefusal(rig.Tunnel.OpenStream(ServerRig.To(destination))).Status);
        Assert.True(rig.Node.HasLine("egress", destination, status.ToEndReason().Text()), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void An_upstream_that_is_silent_is_a_timeout()
    {
        var rig = new ServerRig();
        rig.UpstreamHost.Crash();

        var response = rig.AwaitRefusal(rig.Tunnel.OpenStream(ServerRig.To("10.0.0.4:80")), 6);

        Assert.Equal(ChainStatus.TimedOut, response.Status);
        rig.EndWell();
    }

    [Fact]
    public void A_names_second_address_is_dialled_when_the_first_is_dead()
    {
        var rig = new ServerRig();
        rig.Names.Set("both.example", "10.0.0.5", "10.0.0.4");
        rig.OtherUpstreamHost.Crash();
        var upstream = rig.StartUpstream();
        var stream = rig.Tunnel.OpenStream(ServerRig.To("both.example:80"));

        rig.Until(() => upstream.Sockets.Count == 1, 1);

        rig.Until(() => stream.Response?.Status == ChainStatus.Ok);
        stream.Reset();
        rig.EndWell();
    }

    [Fact]
    public void Of_a_names_addresses_only_the_allowed_ones_are_dialled()
    {
        var rig = new ServerRig();
        rig.Names.Set("mixed.example", "10.9.9.9", "10.0.0.4");
        var upstream = rig.StartUpstream();
        var dialled = new List<string>();
        using var watch = rig.World.Network.Install(NetworkRule.From(packet =>
        {
            if (packet.Kind == PacketKind.TcpConnect)
            {
                dialled.Add(packet.To.ToString());
            }

            return Verdict.Pass;
        }));
        var stream = rig.Tunnel.OpenStream(ServerRig.To("mixed.example:80"));

        rig.Until(() => upstream.Sockets.Count == 1);

        Assert.Equal(["10.0.0.4:80"], dialled);
        stream.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_client_that_resets_while_its_upstream_is_dialled_ends_the_dial()
    {
        var rig = new ServerRig();
        rig.UpstreamHost.Crash();
        var stream = rig.Tunnel.OpenStream(ServerRig.To("10.0.0.4:80"));
        rig.RunFor(1);

        stream.Reset();

        rig.Until(() => rig.Node.HasLine("egress", "10.0.0.4:80", "reset by client"));
        rig.EndWell();
    }

    [Fact]
    public void A_reset_that_crosses_the_dials_success_leaves_no_connection_behind()
    {
        // The path to the server is longer than the one to the upstream, so that a reset sent after one trip to the upstream and back arrives at
        // the moment of the dial's success, and before the actor that hears of both.
        var rig = new ServerRig();
        var upstream = rig.StartUpstream();
        rig.World.Network.SetLatency(rig.PeerHost, rig.Node.Host, TimeSpan.FromMilliseconds(2));
        var stream = rig.Tunnel.OpenStream(ServerRig.To("10.0.0.4:80"));
        rig.RunFor(0.002);
        stream.Reset();
        rig.RunFor(1);

        Assert.True(Assert.Single(upstream.Sockets).WasReset);
        Assert.True(rig.Node.HasLine("egress", "10.0.0.4:80: reset by client"), rig.Node.LastLines());
        Assert.Equal(0, rig.Node.Status().Streams.Active);
        rig.EndWell();
    }

    [Fact]
    public void A_stream_that_was_reset_before_its_actor_began_is_not_waited_for()
    {
        var rig = new ServerRig();
        rig.Tunnel.OpenAndReset();

        rig.Until(() => rig.Node.HasLine("egress", "reset by client"), 0.1);

        rig.EndWell();
    }

    [Fact]
    public void With_a_fixed_target_the_stream_has_no_header_and_no_answer()
    {
        var rig = new ServerRig(settings => settings with { FixedTarget = Destination.Of(ServerRig.Upstream) });
        var upstream = rig.StartUpstream();
        var stream = rig.Tunnel.OpenStream("plain"u8.ToArray());
        rig.Until(() => upstream.Sockets is [{ Text: "plain" }]);
        upstream.Sockets[0].Send("bytes");

        rig.Until(() => stream.Text == "bytes");
        stream.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_fixed_target_that_refuses_is_a_reset()
    {
        var rig = new ServerRig(settings => settings with { FixedTarget = Destination.Of(ServerRig.Upstream) });
        var stream = rig.Tunnel.OpenStream("plain"u8.ToArray());

        rig.Until(() => stream.HasFailed);

        Assert.Empty(stream.Received);
        Assert.True(rig.Node.HasLine("egress", "connection refused", "fault: upstream"), rig.Node.LastLines());
        rig.EndWell();
    }
}
