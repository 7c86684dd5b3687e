using Proxy.Protocol.Sealing.Handshakes;

namespace Proxy.Tunnel.Native;

/// <summary>What the two ends of a tunnel tell each other inside the handshake, and what both make of it: of each value the smaller one.</summary>
public static class HandshakeTerms
{
    private const ushort UserLanes = 1;
    private const ushort LaneWindowSegments = 2;
    private const ushort DatagramBytes = 3;

    /// <summary>What an end says of itself.</summary>
    public static HandshakeSettings Of(NativeTunnelSettings own)
    {
        ArgumentNullException.ThrowIfNull(own);
        return HandshakeSettings.Empty
            .With(UserLanes, (uint)own.UserLanes)
            .With(LaneWindowSegments, (uint)own.LaneWindowSegments)
            .With(DatagramBytes, (uint)own.MaximumDatagramBytes);
    }

    /// <summary>What holds for the tunnel; whatever the peer says, it is something that an engine works with. Not said is as our own.</summary>
    public static NativeTunnelSettings Agree(NativeTunnelSettings own, HandshakeSettings peer)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(peer);
        return own with
        {
            UserLanes = Smaller(peer, UserLanes, own.UserLanes, least: 1),
            LaneWindowSegments = Smaller(peer, LaneWindowSegments, own.LaneWindowSegments, least: 1),
            MaximumDatagramBytes = Smaller(peer, DatagramBytes, own.MaximumDatagramBytes, NativeTunnelSettings.LeastDatagramBytes),
        };
    }

    private static int Smaller(HandshakeSettings peer, ushort id, int own, int least) => (int)Math.Clamp(peer.GetOr(id, (uint)own), (uint)least, (uint)own);
}
