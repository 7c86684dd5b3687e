namespace Proxy.Protocol.Frames;

/// <summary>
/// Ends a stream at once (RST), discarding what was not sent. It is not answered.
/// <code>
/// | length 0 | type 1 | flags 1 | stream n |
/// </code>
/// </summary>
public static class ResetFrame
{
    public const int LengthBytes = FrameHeader.SizeBytes;

    public static int Write(Span<byte> destination, int streamId) =>
        new FrameHeader(0, FrameType.Headers, FrameFlags.EndStream, (uint)streamId).Write(destination);
}
