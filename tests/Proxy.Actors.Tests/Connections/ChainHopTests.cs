using System.Net;
using Proxy.Policy.Limits;
using Proxy.Protocol;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>A hop of a chain that is reached without a tunnel: one code path with the streams of tunnels, and its own ends.</summary>
public sealed class ChainHopTests : IDisposable
{
    private static readonly IPEndPoint Hop = IPEndPoint.Parse("10.0.0.3:4100");
    private readonly PresharedKey _key = new("alice", new byte[32]);
    private readonly SeededSecrets _salts = new(1);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void The_next_hop_gets_its_header_and_the_payload_and_no_more()
    {
        var rig = Rig();
        var next = rig.StartUpstream();
        var caller = Call(rig, Path("10.0.0.4:80", "10.0.0.5:80"), "payload");
        rig.Until(() => next.Sockets is [{ Received.Count: > 0 }]);

        var received = next.Sockets[0].Received.ToArray();
        Assert.Equal(ReadStatus.Done, ChainRequest.TryRead(received, out var consumed, out var request, out _));
        Assert.Equal(Destination.Of(IPEndPoint.Parse("10.0.0.5:80")), request!.Destination);
        Assert.Equal("payload"u8.ToArray(), received[consumed..]);

        next.Sockets[0].Send([1, 0, 0, 0, .. "welcome"u8]);
        rig.Until(() => caller.Text == "welcome");
        caller.Socket.Reset();
        rig.Until(() => next.Sockets[0].WasReset);
        rig.EndWell();
    }

    [Fact]
    public void A_next_hop_that_is_often_asked_for_is_connected_to_before_it_is_needed()
    {
        var rig = Rig();
        rig.World.Network.SetLatency(rig.Node.Host, rig.UpstreamHost, TimeSpan.FromMilliseconds(100));
        var next = rig.StartUpstream();
        for (var calls = 0; calls < 20; calls++)
        {
            var caller = Call(rig, Path("10.0.0.4:80", "10.0.0.5:80"));
            rig.Until(() => caller.Socket.Received.Count > 0);
            caller.Socket.Reset();
        }

        rig.RunFor(1);
        var made = next.Sockets.Count;
        Assert.InRange(made, 21, 60);
        var ready = Call(rig, Path("10.0.0.4:80", "10.0.0.5:80"), "payload");
        rig.RunFor(0.05);
        Assert.NotEmpty(ready.Socket.Received);
        rig.Until(() => next.Sockets.Any(socket => socket.Text.EndsWith("payload", StringComparison.Ordinal)));

        // A hop that goes away takes its ready connections along, and nobody is sent into them.
        foreach (var socket in next.Sockets)
        {
            socket.Close();
        }

        rig.RunFor(1);
        next.Close();
        var late = Call(rig, Path("10.0.0.4:80", "10.0.0.5:80"));
        rig.Until(() => late.Failure is not null);
        Assert.Equal((2, EndReason.Refused), (late.Failure!.Hop, late.Failure.Reason));
        ready.Socket.Reset();
        late.Socket.Close();
        rig.RunFor(60);
        rig.EndWell();
    }

    [Fact]
    public void The_same_stream_through_a_tunnel_is_served_the_same()
    {
        var rig = Rig();
        var next = rig.StartUpstream();
        var stream = rig.Tunnel.OpenStream(ServerRig.To("10.0.0.4:80", next: NextHopKind.ChainHop));
        stream.Send("behind");
        rig.Until(() => next.Sockets is [{ Text: "behind" }]);
        rig.Until(() => stream.Response?.Status == ChainStatus.Ok);
        stream.Reset();
        rig.EndWell();
    }

    [Fact]
    public void Payload_and_an_end_that_came_before_the_connect_are_passed_on_in_order()
    {
        var rig = Rig();
        rig.World.Network.SetLatency(rig.Node.Host, rig.UpstreamHost, TimeSpan.FromMilliseconds(500));
        var upstream = rig.StartUpstream();
        var caller = Call(rig, Path("10.0.0.4:80"), "one ");
        caller.Socket.Send("two ");
        rig.RunFor(0.1);
        caller.Socket.Send("three");
        caller.Socket.Finish();
        rig.Until(() => upstream.Sockets is [{ HasSeenEnd: true }], 5);
        Assert.Equal("one two three", upstream.Sockets[0].Text);
        upstream.Sockets[0].Finish();
        rig.Until(() => caller.Socket.HasSeenEnd);
        rig.EndWell();
    }

    [Fact]
    public void What_is_sent_before_the_connect_is_bounded_and_then_reading_stops()
    {
        var rig = Rig();
        rig.UpstreamHost.Crash();
        var caller = Call(rig, Path("10.0.0.4:80"));
        caller.Socket.Send(new byte[2_000_000]);
        rig.RunFor(1);
        Assert.True(caller.Socket.HasUnsent, "Two million bytes were taken.");
        rig.Until(() => caller.Socket.HasSeenEnd, 10);
        caller.Socket.Close();
        rig.EndWell();
    }

    [Fact]
    public void A_refusal_is_heard_though_payload_came_that_nobody_reads()
    {
        var rig = Rig();
        var caller = Call(rig, Path("10.9.9.9:80"), new string('x', 100_000));
        rig.Until(() => caller.Socket.HasSeenEnd);
        Assert.Equal((1, EndReason.NotAllowed), (caller.Failure!.Hop, caller.Failure.Reason));
        Assert.False(caller.Socket.WasReset, "The reset would have overtaken the answer.");
        caller.Socket.Send(new string('y', 50_000));
        rig.RunFor(0.5);
        Assert.Null(caller.Socket.Fault);
        caller.Socket.Finish();
        rig.RunFor(0.5);
        Assert.Equal(0, rig.Node.Host.OpenTcpSockets);
        rig.EndWell();
    }

    [Fact]
    public void Who_does_not_end_after_a_refusal_is_reset_in_the_end()
    {
        var rig = Rig();
        var caller = Call(rig, Path("10.9.9.9:80"));
        rig.Until(() => caller.Socket.HasSeenEnd);
        rig.RunFor(1.9);
        Assert.Null(caller.Socket.Fault);
        rig.Until(() => caller.Socket.WasReset, 0.3);
        rig.EndWell();
    }

    [Theory]
    [InlineData("10.0.0.4:80", ChainStatus.Refused)]
    [InlineData("10.0.0.5:80", ChainStatus.TimedOut)]
    [InlineData("10.9.9.9:80", ChainStatus.NotAllowed)]
    [InlineData("nowhere.example:80", ChainStatus.NameNotFound)]
    [InlineData("10.0.0.3:4100", ChainStatus.Loop)]
    [InlineData("10.0.0.3:4101", ChainStatus.NotAllowed)]
    [InlineData("self.example:4100", ChainStatus.Loop)]
    public void Each_failure_has_its_status_and_is_sealed(string destination, ChainStatus status)
    {
        var rig = Rig();
        rig.Names.Set("self.example", "10.0.0.3");
        rig.OtherUpstreamHost.Crash();
        var caller = Call(rig, Path(destination));
        rig.Until(() => caller.Socket.HasSeenEnd, 8);
        Assert.Equal(status.ToEndReason(), caller.Failure!.Reason);
        Assert.Equal(0x81, caller.Socket.Received[0]);
        Assert.True(rig.Node.HasLine("egress/chain", "(alice)", destination, status.ToEndReason().Text()), rig.Node.LastLines());
        caller.Socket.Close();
        rig.EndWell();
    }

    [Fact]
    public void A_chain_that_has_no_more_hops_left_is_a_loop()
    {
        var rig = Rig();
        var caller = Call(rig, Path("10.0.0.4:80", "10.0.0.5:80") with { HopBudget = 0 });
        rig.Until(() => caller.Socket.HasSeenEnd);
        Assert.Equal((1, EndReason.Loop), (caller.Failure!.Hop, caller.Failure.Reason));
        caller.Socket.Close();
        rig.EndWell();
    }

    [Fact]
    public void Without_the_key_nothing_is_done_and_a_header_that_came_already_is_told()
    {
        var rig = Rig();
        var upstream = rig.StartUpstream();
        using var stranger = new PresharedKey("alice", [.. Enumerable.Repeat((byte)7, 32)]);
        foreach (var key in (PresharedKey?[])[stranger, null])
        {
            var path = new ChainPath([new ChainHop(Destination.Of(Hop), key)], Destination.Of(ServerRig.Upstream));
            var caller = Call(rig, path);
            rig.Until(() => caller.Socket.HasSeenEnd);
            Assert.Equal(ChainStatus.Unauthenticated, Open(caller.Socket).Status);
            caller.Socket.Close();
        }

        using var good = new ChainCall(Path("10.0.0.4:80"), new SeededSecrets(3), Now(rig));
        var first = Send(rig, good.Headers.ToArray());
        rig.Until(() => first.Received.Count > 0);
        Assert.Equal(0x81, first.Received[0]);
        var again = Send(rig, good.Headers.ToArray());
        rig.Until(() => again.HasSeenEnd);
        Assert.Equal(ChainStatus.Unauthenticated, Open(again).Status);
        Assert.True(rig.Node.HasLine("egress/chain", "(alice)", "this header came already"), rig.Node.LastLines());
        Assert.Single(upstream.Sockets);
        first.Reset();
        again.Close();
        rig.EndWell();
    }

    [Fact]
    public void An_echo_brings_every_byte_back_and_ends_with_the_stream()
    {
        var rig = Rig();
        var caller = Call(rig, new ChainPath([new ChainHop(Destination.Of(Hop), _key)], null), "ping");
        rig.Until(() => caller.Text == "ping");
        caller.Socket.Send("pong");
        rig.Until(() => caller.Text == "pingpong");
        caller.Socket.Finish();
        rig.Until(() => caller.Socket.HasSeenEnd);
        rig.EndWell();
    }

    [Fact]
    public void A_connection_that_says_nothing_may_wait_and_one_that_has_begun_may_not()
    {
        var rig = Rig();
        var silent = ScriptedSocket.Connect(rig.PeerLoop, Hop);
        rig.RunFor(20);
        Assert.False(silent.HasSeenEnd);
        silent.Send([0x81]);
        rig.Until(() => silent.HasSeenEnd, 6);
        Assert.True(rig.Node.HasLine("egress/chain", "header timeout"), rig.Node.LastLines());

        var unused = ScriptedSocket.Connect(rig.PeerLoop, Hop);
        rig.RunFor(1);
        unused.Finish();
        rig.Until(() => unused.HasSeenEnd);
        silent.Close();
        rig.EndWell();
    }

    [Fact]
    public void A_principal_has_no_more_chains_than_it_may_have()
    {
        var rig = Rig(settings => settings with
        {
            Principals = new Dictionary<string, PrincipalSettings>(StringComparer.Ordinal) { ["alice"] = new() { Quota = new QuotaSettings { MaximumStreams = 1 } } },
        });
        var upstream = rig.StartUpstream();
        var first = Call(rig, Path("10.0.0.4:80"));
        rig.Until(() => upstream.Sockets.Count == 1);
        var second = Call(rig, Path("10.0.0.4:80"));
        rig.Until(() => second.Socket.HasSeenEnd);
        Assert.Equal(EndReason.Busy, second.Failure!.Reason);
        first.Socket.Reset();
        second.Socket.Close();
        rig.EndWell();
    }

    [Fact]
    public void A_principals_chains_go_only_where_its_own_rules_let_them()
    {
        var rig = Rig(settings => settings with
        {
            Principals = new Dictionary<string, PrincipalSettings>(StringComparer.Ordinal) { ["alice"] = new() { Destinations = ServerRig.Rules("10.0.0.5") } },
        });
        var caller = Call(rig, Path("10.0.0.4:80"));
        rig.Until(() => caller.Socket.HasSeenEnd);
        Assert.Equal(EndReason.NotAllowed, caller.Failure!.Reason);
        caller.Socket.Close();
        rig.EndWell();
    }

    [Fact]
    public void The_log_has_the_trace_that_the_header_names()
    {
        var rig = Rig();
        var caller = Call(rig, Path("10.9.9.9:80") with { TraceId = 0xabc });
        rig.Until(() => caller.Socket.HasSeenEnd);
        Assert.True(rig.Node.HasLine("egress/chain", "trace: 00000000000000000000000000000abc"), rig.Node.LastLines());
        caller.Socket.Close();
        rig.EndWell();
    }

    private ServerRig Rig(Func<ServerSettings, ServerSettings>? configure = null) => new(settings =>
    {
        settings = settings with
        {
            Destinations = ServerRig.Rules("10.0.0.4/31:80", "10.0.0.3:4100"),
            Chains = [new ChainServerSettings { Listen = Hop, Keys = [_key] }],
        };
        return configure?.Invoke(settings) ?? settings;
    });

    /// <summary>Through the hop, and through others that are reached in the open, to the last of these.</summary>
    private ChainPath Path(params string[] behind) => new(
        [new ChainHop(Destination.Of(Hop), _key), .. behind[..^1].Select(text => new ChainHop(ServerRig.To(text).Destination, null))],
        ServerRig.To(behind[^1]).Destination);

    private ChainCaller Call(ServerRig rig, ChainPath path, string payload = "") => ChainCaller.Start(rig.World, rig.PeerLoop, Hop, path, _salts, payload);

    private static ScriptedSocket Send(ServerRig rig, byte[] bytes)
    {
        var socket = ScriptedSocket.Connect(rig.PeerLoop, Hop);
        rig.Until(() => socket.IsConnected);
        socket.Send(bytes);
        return socket;
    }

    private static long Now(ServerRig rig) => rig.World.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private static ChainResponse Open(ScriptedSocket socket)
    {
        Assert.Equal(ReadStatus.Done, ChainResponse.TryRead(socket.Received.ToArray(), out _, out var response, out _));
        return response!;
    }

}
