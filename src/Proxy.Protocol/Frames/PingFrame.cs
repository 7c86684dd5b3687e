using System.Buffers.Binary;

namespace Proxy.Protocol.Frames;

/// <summary>
/// Keepalive, and its answer with the same id. vproxy counts ids from 1, each sender for itself.
/// <code>
/// | length 8 | type 6 | flags 0, answer 1 | stream 0 | id (64 bits) |
/// </code>
/// </summary>
public static class PingFrame
{
    public const int IdBytes = sizeof(long);
    public const int LengthBytes = FrameHeader.SizeBytes + IdBytes;
    public const FrameFlags AcknowledgeFlag = (FrameFlags)1;

    public static int Write(Span<byte> destination, long id) => Write(destination, id, FrameFlags.None);

    public static int WriteAcknowledge(Span<byte> destination, long id) => Write(destination, id, AcknowledgeFlag);

    private static int Write(Span<byte> destination, long id, FrameFlags flags)
    {
        new FrameHeader(IdBytes, FrameType.Ping, flags, 0).Write(destination);
        BinaryPrimitives.WriteInt64BigEndian(destination[FrameHeader.SizeBytes..], id);
        return LengthBytes;
    }
}
