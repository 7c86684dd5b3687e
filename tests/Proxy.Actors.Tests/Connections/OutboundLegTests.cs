using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;

namespace Proxy.Actors.Tests;

/// <summary>The client's way out: what it sends before it is answered, and what it makes of the answer.</summary>
public sealed class OutboundLegTests
{
    private static readonly byte[] Ok = BareTunnel.Bytes(new ChainResponse(ChainStatus.Ok));

    [Fact]
    public void The_header_and_the_first_bytes_wait_for_no_answer()
    {
        var rig = new ClientRig();
        var (application, stream) = rig.ConnectThrough();
        application.Send("early");

        rig.Until(() => stream.Text.EndsWith("early", StringComparison.Ordinal));

        ChainRequest.TryRead([.. stream.Received], out var headerBytes, out var request, out _);
        Assert.Equal(Destination.Of(ServerRig.Upstream), request!.Destination);
        Assert.Equal((ChainCommand.Tcp, NextHopKind.Destination), (request.Command, request.NextHop));
        Assert.Equal(headerBytes + 5, stream.Received.Count);
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void Without_a_target_nothing_but_the_applications_bytes_is_sent()
    {
        var rig = new ClientRig(forward: settings => settings with { To = new TunnelTarget("tunnels", null) });
        var (application, stream) = rig.ConnectThrough();
        application.Send("plain");
        rig.Until(() => stream.Text == "plain");
        stream.Send("answer");

        rig.Until(() => application.Text == "answer");
        application.Reset();
        rig.Until(() => stream.HasFailed);
        rig.EndWell();
    }

    [Fact]
    public void The_answer_is_taken_off_however_it_is_cut()
    {
        for (var cut = 0; cut <= Ok.Length; cut++)
        {
            var rig = new ClientRig();
            var (application, stream) = rig.ConnectThrough();
            stream.Send(Ok.AsSpan(0, cut));
            rig.RunFor(0.1);
            Assert.Empty(application.Received);

            stream.Send([.. Ok[cut..], .. "welcome"u8]);

            rig.Until(() => application.Text == "welcome");
            application.Reset();
            rig.EndWell();
        }
    }

    [Theory]
    [InlineData(ChainStatus.Refused)]
    [InlineData(ChainStatus.Unreachable)]
    [InlineData(ChainStatus.TimedOut)]
    [InlineData(ChainStatus.NameNotFound)]
    [InlineData(ChainStatus.NotAllowed)]
    [InlineData(ChainStatus.Loop)]
    [InlineData(ChainStatus.Malformed)]
    [InlineData(ChainStatus.Unauthenticated)]
    [InlineData(ChainStatus.Busy)]
    public void Every_refusal_is_a_reset_and_its_words_are_in_the_log(ChainStatus status)
    {
        var rig = new ClientRig();
        var (application, stream) = rig.ConnectThrough();

        stream.Send(BareTunnel.Bytes(new ChainResponse(status, "for a reason")));

        rig.Until(() => application.WasReset);
        Assert.True(rig.Node.HasLine("forward", status.ToEndReason().Text(), "hop 1 (10.0.0.3:4000)", status.Words(), ": for a reason"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void An_answer_that_is_none_breaks_the_chain()
    {
        var rig = new ClientRig();
        var (application, stream) = rig.ConnectThrough();

        stream.Send("HTTP/1.1 200 OK\r\n");

        rig.Until(() => application.WasReset);
        Assert.Empty(application.Received);
        Assert.True(rig.Node.HasLine("forward", "chain broken", "hop 1 (10.0.0.3:4000): its answer is none: UnknownVersion", "fault: tunnel"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_ends_the_stream_without_an_answer_breaks_the_protocol()
    {
        var rig = new ClientRig();
        var (application, stream) = rig.ConnectThrough();

        stream.Finish();

        rig.Until(() => application.WasReset);
        Assert.True(rig.Node.HasLine("forward", "chain broken", "hop 1 (10.0.0.3:4000) did not answer", "the stream ended"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_is_silent_after_it_took_the_stream_is_a_connect_timeout()
    {
        var rig = new ClientRig(forward: settings => settings with { Timeouts = new ConnectionTimeouts { Connect = TimeSpan.FromSeconds(2) } });
        var (application, stream) = rig.ConnectThrough();
        rig.RunFor(1.9);
        Assert.Null(application.Fault);

        rig.Until(() => application.WasReset, 0.2);

        Assert.True(rig.Node.HasLine("forward", "connect timeout", "no answer within 2 s"), rig.Node.LastLines());
        rig.Until(() => stream.HasFailed);
        rig.EndWell();
    }

    [Fact]
    public void What_was_sent_before_the_tunnel_was_up_is_bounded_and_arrives_whole()
    {
        var rig = new ClientRig();
        rig.ServerHost.AnswersPortUnreachable = false;
        using (rig.World.Network.Partition(rig.ServerHost, rig.World.Hosts.Single(host => host.Name == "client")))
        {
            var application = rig.Connect();
            application.Send(new byte[1_000_000]);
            rig.RunFor(1);
            var taken = rig.Node.Status().Frontends[0].BytesFromClients;
            Assert.InRange(taken, 16 * 1024, 256 * 1024);
        }

        rig.Until(() => rig.Server.Opened.Count == 1, 4);
        var stream = rig.Server.Opened[0];
        stream.Send(Ok);
        rig.Until(() => stream.Received.Count == 1_000_000 + BareTunnel.Bytes(ServerRig.To("10.0.0.4:80")).Length);
        stream.Reset();
        rig.EndWell();
    }
}
