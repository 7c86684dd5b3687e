namespace Proxy.Transport;

/// <summary>
/// A channel that carries packets, beside its bytes or in place of them: each whole or not at all, in no order, and perhaps lost. A UDP socket is
/// one, and so is a stream of a tunnel. For its loop's thread only.
/// </summary>
public interface IPacketChannel : IChannel
{
    /// <summary>Whom packets are given to, pause or not. While there is nobody, the first few wait.</summary>
    IPacketHandler? PacketHandler { get; set; }

    /// <summary>Sends one packet. Whatever the answer, it is gone.</summary>
    UdpSendStatus SendPacket(ReadOnlySpan<byte> packet);
}

/// <summary>Whom a channel gives its packets, on the loop's thread.</summary>
public interface IPacketHandler
{
    /// <summary>The span is valid during the call only.</summary>
    void OnPacket(IPacketChannel channel, ReadOnlySpan<byte> packet);
}
