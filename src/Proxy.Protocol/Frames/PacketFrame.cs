namespace Proxy.Protocol.Frames;

/// <summary>
/// A packet beside the bytes of a stream, whole. Native dialect over ordered transports; over datagrams it is a part of its own
/// (<see cref="Parts.UdpPart"/>). Passed over for unknown streams.
/// <code>
/// | length up to 12,288 | type 0x21 | flags 0 | stream n | bytes... |
/// </code>
/// </summary>
public static class PacketFrame
{
    /// <summary>Writes the frame and returns its length.</summary>
    public static int Write(Span<byte> destination, int streamId, ReadOnlySpan<byte> packet)
    {
        new FrameHeader(packet.Length, FrameType.Packet, FrameFlags.None, (uint)streamId).Write(destination);
        packet.CopyTo(destination[FrameHeader.SizeBytes..]);
        return FrameHeader.SizeBytes + packet.Length;
    }
}
