using System.Buffers.Binary;

namespace Proxy.Protocol.Frames;

/// <summary>
/// Credit: its receiver may send so many more bytes on the stream. Native dialect only; ignored for unknown streams.
/// <code>
/// | length 4 | type 8 | flags 0 | stream n | increment (32 bits), not 0 |
/// </code>
/// </summary>
public static class WindowUpdateFrame
{
    public const int PayloadBytes = 4;
    public const int LengthBytes = FrameHeader.SizeBytes + PayloadBytes;

    public static int Write(Span<byte> destination, int streamId, uint increment)
    {
        new FrameHeader(PayloadBytes, FrameType.WindowUpdate, FrameFlags.None, (uint)streamId).Write(destination);
        BinaryPrimitives.WriteUInt32BigEndian(destination[FrameHeader.SizeBytes..], increment);
        return LengthBytes;
    }
}
