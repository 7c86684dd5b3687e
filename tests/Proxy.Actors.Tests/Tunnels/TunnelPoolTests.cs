using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Tunnel;

namespace Proxy.Actors.Tests;

/// <summary>Who gets a tunnel, who waits, and who is sent away.</summary>
public sealed class TunnelPoolTests
{
    private static readonly IPEndPoint OtherPort = IPEndPoint.Parse("10.0.0.3:4001");

    [Fact]
    public void When_too_many_wait_the_next_one_is_refused_as_busy()
    {
        var rig = new ClientRig(settings => settings with { MaximumWaiting = 2 });
        rig.ServerHost.Crash();
        rig.RunFor(60);
        var waiting = new[] { rig.Connect(), rig.Connect() };
        rig.RunFor(0.1);

        var late = rig.Connect();

        rig.Until(() => late.WasReset, 0.1);
        Assert.True(rig.Node.HasLine("forward", "busy", "too many connections wait", "fault: us"), rig.Node.LastLines());
        Assert.All(waiting, application => Assert.Null(application.Fault));
        rig.EndWell();
    }

    [Fact]
    public void One_that_gave_up_leaves_its_place_to_the_next()
    {
        var rig = new ClientRig(settings => settings with { MaximumWaiting = 1 });
        rig.ServerHost.Crash();
        rig.RunFor(60);
        for (var round = 0; round < 5; round++)
        {
            var application = rig.Connect();
            rig.RunFor(0.1);
            Assert.Null(application.Fault);
            application.Reset();
            rig.RunFor(0.1);
        }

        rig.EndWell();
    }

    [Fact]
    public void Those_who_wait_because_every_tunnel_is_full_go_on_when_one_has_room()
    {
        var rig = new ClientRig(settings => settings with { Tunnel = TunnelSettings.Default with { MaximumStreams = 1 } });
        var (first, _) = rig.ConnectThrough();
        var second = rig.Connect();
        rig.RunFor(3);
        Assert.Single(rig.Server.Opened);

        first.Reset();

        rig.Until(() => rig.Server.Opened.Count == 2, 1);
        second.Reset();
        rig.EndWell();
    }

    [Fact]
    public void Two_tunnels_share_the_streams()
    {
        var rig = new ClientRig(settings => settings with { Servers = [Destination.Of(ClientRig.TunnelPort), Destination.Of(OtherPort)] });
        var other = BareTunnel.Listen(rig.ServerLoop, OtherPort);
        rig.Until(() => rig.Server.IsReady && other.IsReady, 5);
        var applications = Enumerable.Range(0, 20).Select(_ => rig.Connect()).ToArray();

        rig.Until(() => rig.Server.Opened.Count + other.Opened.Count == 20);

        // The less loaded of two random ones: both may be the same one, so an even split is likely and not certain.
        Assert.InRange(other.Opened.Count, 6, 14);
        Array.ForEach(applications, application => application.Reset());
        rig.EndWell();
    }

    [Fact]
    public void The_tunnel_that_is_left_takes_all()
    {
        var rig = new ClientRig(settings => settings with { Servers = [Destination.Of(ClientRig.TunnelPort), Destination.Of(OtherPort)] });
        rig.Until(() => rig.Node.HasLine("is ready"));
        Assert.Equal(["ready", "connecting"], rig.Node.Status().Tunnels.Select(tunnel => tunnel.State));

        var applications = Enumerable.Range(0, 5).Select(_ => rig.Connect()).ToArray();

        rig.Until(() => rig.Server.Opened.Count == 5);
        Array.ForEach(applications, application => application.Reset());
        rig.EndWell();
    }

    [Fact]
    public void A_tunnel_that_ends_as_soon_as_it_is_ready_keeps_nobody_from_waiting()
    {
        var rig = new ClientRig();
        var application = rig.Connect();
        rig.Until(() => rig.Server.IsReady);

        // The handshake's answer and the end leave in one batch.
        rig.Server.Close();

        rig.RunFor(1);
        Assert.Null(application.Fault);
        Assert.Empty(rig.Server.Opened);
        application.Reset();
        rig.EndWell();
    }
}
