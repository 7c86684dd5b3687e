using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests.Native;

public sealed class DrainTests
{
    [Fact]
    public void A_draining_tunnel_opens_nothing_at_either_end_and_closes_with_its_last_stream()
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        var bytes = Bytes.Random(2_000_000);
        pair.Client.Send(id, bytes);
        pair.DriveFor(0.1);
        pair.Server.Engine.Drain();
        pair.DriveFor(0.1);
        Assert.False(pair.Client.Engine.CanOpen);
        Assert.Equal(TunnelState.Draining, pair.Client.Engine.State);
        pair.DriveFor(2);
        pair.Client.Finish(id);
        pair.Server.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded && pair.Client.Streams[id].HasEnded);
        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
        Assert.Null(pair.Client.Closed);
        pair.Client.Release(id);
        pair.Server.Release(id);
        pair.DriveUntil(() => pair.Client.Closed is not null && pair.Server.Closed is not null);
        Assert.Equal("drained", pair.Client.Closed == EndReason.Draining ? pair.Client.ClosedText : pair.Server.ClosedText);
    }

    [Fact]
    public void A_stream_that_crossed_the_drain_is_served_and_one_that_comes_late_is_refused_as_draining()
    {
        using var pair = new NativePair();
        pair.DriveFor(0.1);
        pair.Server.Engine.Drain();
        var crossed = pair.Client.Open();
        pair.DriveFor(0.2);
        Assert.True(pair.Client.Streams[crossed].IsOpen);
        Assert.Null(pair.Client.Streams[crossed].Reset);
    }

    [Fact]
    public void A_stream_that_comes_long_after_the_drain_is_refused_as_draining()
    {
        using var pair = new NativePair();
        var keeps = pair.Client.Open();
        pair.DriveFor(0.1);
        pair.FromServer.IsDown = true;
        pair.Server.Engine.Drain();
        pair.DriveFor(1.5);
        Assert.Equal(TunnelState.Draining, pair.Server.Engine.State);
        Assert.True(pair.Client.Engine.CanOpen);
        var late = pair.Client.Open();
        pair.DriveFor(0.2);
        pair.FromServer.IsDown = false;
        pair.DriveFor(2);
        Assert.Equal(EndReason.Draining, pair.Client.Streams[late].Reset);
        Assert.Null(pair.Client.Streams[keeps].Reset);
    }

    [Fact]
    public void An_idle_tunnel_that_is_drained_closes_soon()
    {
        using var pair = new NativePair();
        pair.DriveFor(0.1);
        pair.Client.Engine.Drain();
        pair.DriveFor(3);
        Assert.NotNull(pair.Client.Closed);
        Assert.NotNull(pair.Server.Closed);
        Assert.Null(pair.Client.Engine.NextDeadlineMicroseconds(pair.Now));
        Assert.Null(pair.Server.Engine.NextDeadlineMicroseconds(pair.Now));
    }

    [Fact]
    public void With_the_last_id_of_a_lane_the_tunnel_drains()
    {
        var settings = Proxy.Tunnel.Native.NativeTunnelSettings.Default with { FirstStreamId = int.MaxValue - 14 };
        using var pair = new NativePair(settings);
        pair.Client.Open();
        Assert.Equal(TunnelState.Draining, pair.Client.Engine.State);
        Assert.False(pair.Client.Engine.CanOpen);
    }
}
