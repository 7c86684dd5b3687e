using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Tunnel;

namespace Proxy.Actors.Tests;

/// <summary>A client's connection while its tunnel is not what it should be.</summary>
public sealed class TunnelConnectionTests
{
    [Fact]
    public void A_stream_that_the_server_refuses_is_opened_again_until_it_is_accepted()
    {
        var rig = new ClientRig(serverTunnel: TunnelSettings.Default with { MaximumStreams = 1 });
        var (first, _) = rig.ConnectThrough();
        var second = rig.Connect();
        second.Send("patient");
        rig.RunFor(2);
        Assert.Single(rig.Server.Opened);
        Assert.Null(second.Fault);

        first.Reset();

        rig.Until(() => rig.Server.Opened.Count == 2, 1);
        rig.Until(() => rig.Server.Opened[1].Text.EndsWith("patient", StringComparison.Ordinal));
        second.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_stream_that_one_server_refuses_is_opened_on_another_at_once_with_all_that_was_sent()
    {
        var otherPort = IPEndPoint.Parse("10.0.0.3:4001");
        var rig = new ClientRig(
            settings => settings with { Servers = [Destination.Of(ClientRig.TunnelPort), Destination.Of(otherPort)] },
            serverTunnel: TunnelSettings.Default with { MaximumStreams = 1 });
        var other = BareTunnel.Listen(rig.ServerLoop, otherPort);
        rig.Until(() => rig.Server.IsReady && other.IsReady, 5);
        var applications = Enumerable.Range(0, 10).Select(_ => rig.Connect()).ToArray();
        Array.ForEach(applications, application => application.Send("sent early"));

        rig.Until(() => rig.Server.Opened.Count + other.Opened.Count == 10, 0.09);

        Assert.Single(rig.Server.Opened);
        rig.Until(() => other.Opened.All(stream => stream.Text.EndsWith("sent early", StringComparison.Ordinal)), 0.1);
        Array.ForEach(applications, application => application.Reset());
        rig.EndWell();
    }

    [Fact]
    public void A_stream_that_is_refused_to_the_end_is_reset_at_the_connect_deadline()
    {
        var rig = new ClientRig(serverTunnel: TunnelSettings.Default with { MaximumStreams = 1 });
        var (first, stream) = rig.ConnectThrough();
        stream.Send(BareTunnel.Bytes(new ChainResponse(ChainStatus.Ok)));
        var second = rig.Connect();

        rig.RunFor(4.9);
        Assert.Null(second.Fault);
        rig.Until(() => second.WasReset, 0.3);

        Assert.Null(first.Fault);
        first.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_tunnel_that_ends_resets_its_connections_and_says_why()
    {
        var rig = new ClientRig();
        var (application, stream) = rig.ConnectThrough();
        stream.Send(BareTunnel.Bytes(new ChainResponse(ChainStatus.Ok)));
        rig.RunFor(0.1);

        rig.Server.Close();

        rig.Until(() => application.WasReset);
        Assert.True(rig.Node.HasLine("forward", "shut down by peer", "fault: tunnel"), rig.Node.LastLines());
        Assert.True(rig.Node.HasLine("tunnel to kcp://10.0.0.3:4000 ended", "shut down by peer"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void An_idle_connection_is_ended_after_its_idle_timeout()
    {
        var rig = new ClientRig(forward: settings => settings with { Timeouts = new ConnectionTimeouts { Idle = TimeSpan.FromMinutes(2) } });
        var (application, stream) = rig.ConnectThrough();
        stream.Send(BareTunnel.Bytes(new ChainResponse(ChainStatus.Ok)));
        rig.RunFor(119);
        Assert.Null(application.Fault);

        rig.Until(() => application.WasReset);

        Assert.True(rig.Node.HasLine("forward", "idle timeout"), rig.Node.LastLines());
        rig.Until(() => stream.HasFailed);
        rig.EndWell();
    }

    [Fact]
    public void A_half_closed_connection_that_stays_silent_is_ended()
    {
        var rig = new ClientRig();
        var (application, stream) = rig.ConnectThrough();
        stream.Send(BareTunnel.Bytes(new ChainResponse(ChainStatus.Ok)));
        application.Finish();
        rig.Until(() => stream.HasSeenEnd);
        rig.RunFor(29);
        Assert.Null(application.Fault);

        rig.Until(() => application.WasReset);

        Assert.True(rig.Node.HasLine("forward", "half-close timeout"), rig.Node.LastLines());
        rig.EndWell();
    }
}
