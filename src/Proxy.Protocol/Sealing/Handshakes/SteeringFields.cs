using Proxy.Protocol.Sealing.Datagrams;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// Where datagrams to a server have a number (u32, big-endian) that says which of several sockets of one address they belong to. Nothing of it
/// is authentic: it spreads work, and whoever gets a datagram looks at all of it.
/// </summary>
public static class SteeringFields
{
    /// <summary>In data: the random half of the tunnel id that the server chose (<see cref="Resets.TunnelIds"/>).</summary>
    public const int IndexInDataAt = DatagramHeader.ReceiverAt;

    /// <summary>In a hello: the low half of the tunnel id that the client chose.</summary>
    public const int CounterInHelloAt = HelloMessage.TunnelIdAt + sizeof(uint);

    /// <summary>What is at <see cref="IndexInDataAt"/>, of an id.</summary>
    public static uint IndexOf(ulong serverTunnelId) => (uint)(serverTunnelId >> 32);
}
