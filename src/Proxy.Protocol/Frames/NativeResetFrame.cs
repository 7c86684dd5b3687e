namespace Proxy.Protocol.Frames;

/// <summary>
/// RST of the native dialect. The distance is how many tunnels lie between its receiver's peer and whoever saw the failure.
/// <code>
/// | length 2 | type 1 | flags 1 | stream n | reason | distance |
/// </code>
/// </summary>
public static class NativeResetFrame
{
    public const int PayloadBytes = 2;
    public const int LengthBytes = FrameHeader.SizeBytes + PayloadBytes;

    public static int Write(Span<byte> destination, int streamId, WireReason reason, byte distance)
    {
        new FrameHeader(PayloadBytes, FrameType.Headers, FrameFlags.EndStream, (uint)streamId).Write(destination);
        destination[FrameHeader.SizeBytes] = (byte)reason;
        destination[FrameHeader.SizeBytes + 1] = distance;
        return LengthBytes;
    }
}
