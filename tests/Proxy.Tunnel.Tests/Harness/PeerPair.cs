using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

/// <summary>An engine against a <see cref="FramePeer"/>.</summary>
internal sealed class PeerPair : Conversation
{
    private PeerPair(TunnelSide side, FramePeer peer)
        : base(side, peer, new Random(1))
    {
        Side = side;
        Peer = peer;
    }

    public TunnelSide Side { get; }

    public FramePeer Peer { get; }

    public static PeerPair Create(TunnelRole role, TunnelSettings? settings = null)
    {
        var pair = new PeerPair(new TunnelSide(role, settings), new FramePeer());
        pair.Side.Engine.Start();
        return pair;
    }

    /// <summary>With the handshake done, and forgotten.</summary>
    public static PeerPair Ready(TunnelRole role, TunnelSettings? settings = null)
    {
        var pair = Create(role, settings);
        pair.Peer.SaySettings();
        pair.DriveUntil(() => pair.Side.ReadyCount == 1);
        pair.DriveFor(0.5);
        pair.Peer.Heard.Clear();
        return pair;
    }
}
