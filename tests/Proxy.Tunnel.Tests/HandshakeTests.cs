using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class HandshakeTests
{
    [Fact]
    public void Both_ends_are_ready_once_after_one_round_trip()
    {
        using var pair = TunnelPair.Create();
        Assert.False(pair.Client.Engine.CanOpen);
        pair.Start();
        pair.DriveUntil(() => pair.Client.ReadyCount == 1);
        Assert.Equal(20, pair.Elapsed.TotalMilliseconds, 1.0);
        Assert.Equal(1, pair.Server.ReadyCount);
        Assert.True(pair.Client.Engine.CanOpen);
        Assert.False(pair.Server.Engine.CanOpen);
    }

    [Fact]
    public void The_loss_of_either_handshake_is_made_up_for()
    {
        using var pair = TunnelPair.Create();
        pair.Start();
        pair.Settle();
        pair.ToServer.Lose();
        pair.DriveUntil(() => pair.Server.ReadyCount == 1);
        pair.ToClient.Lose();
        pair.DriveUntil(() => pair.Client.ReadyCount == 1, 2);
        Assert.Equal(2, pair.ToServer.Lost + pair.ToClient.Lost);
    }

    [Fact]
    public void An_unanswered_client_closes_after_five_seconds()
    {
        using var pair = TunnelPair.Create();
        pair.ToServer.IsDown = true;
        pair.Client.Engine.Start();
        pair.DriveUntil(() => pair.Client.Closed is not null);
        Assert.Equal(EndReason.HandshakeTimeout, pair.Client.Closed);
        Assert.Equal(5.0, pair.Elapsed.TotalSeconds, 0.001);
    }

    [Fact]
    public void A_server_that_never_hears_the_handshake_closes_after_five_seconds()
    {
        using var pair = TunnelPair.Create();
        pair.Server.Engine.Start();
        pair.DriveUntil(() => pair.Server.Closed is not null);
        Assert.Equal(EndReason.HandshakeTimeout, pair.Server.Closed);
        Assert.Equal(5.0, pair.Elapsed.TotalSeconds, 0.001);
    }

    [Fact]
    public void A_handshaken_tunnel_does_not_remember_the_deadline()
    {
        using var pair = TunnelPair.Ready();
        pair.DriveFor(6);
        Assert.Null(pair.Client.Closed);
        Assert.Null(pair.Server.Closed);
    }

    [Theory]
    [InlineData(TunnelRole.Client)]
    [InlineData(TunnelRole.Server)]
    public void Anything_before_the_handshake_ends_the_tunnel(TunnelRole role)
    {
        using var pair = PeerPair.Create(role);
        pair.Peer.SaySyn(1);
        pair.DriveUntil(() => pair.Side.Closed is not null);
        Assert.Equal(EndReason.Malformed, pair.Side.Closed);
        Assert.StartsWith("handshake message is invalid", pair.Side.ClosedText, StringComparison.Ordinal);
    }

    [Fact]
    public void A_goaway_instead_of_the_answer_ends_the_tunnel()
    {
        using var pair = PeerPair.Create(TunnelRole.Client);
        pair.Peer.SayGoAway("full");
        pair.DriveUntil(() => pair.Side.Closed is not null);
        Assert.Equal((EndReason.PeerShutDown, "full"), (pair.Side.Closed, pair.Side.ClosedText));
    }
}
