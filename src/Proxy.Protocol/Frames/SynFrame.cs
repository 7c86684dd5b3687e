namespace Proxy.Protocol.Frames;

/// <summary>
/// Opens a stream (SYN), and says that it was opened (SYN-ACK): the same bytes. Who opened the stream tells them apart: for a stream that
/// we opened it is the SYN-ACK, else the SYN. At a client it is never a SYN, so for an unknown stream it is a SYN-ACK that came too late.
/// <code>
/// | length 0 | type 1 | flags 0 | stream n |
/// </code>
/// </summary>
public static class SynFrame
{
    public const int LengthBytes = FrameHeader.SizeBytes;

    public static int Write(Span<byte> destination, int streamId) =>
        new FrameHeader(0, FrameType.Headers, FrameFlags.None, (uint)streamId).Write(destination);
}
