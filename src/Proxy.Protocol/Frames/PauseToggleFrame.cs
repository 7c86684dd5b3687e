namespace Proxy.Protocol.Frames;

/// <summary>
/// A DATA frame with neither bytes nor end: the receiver of a stream's data asks its sender to pause (the first one) and to go on (the
/// next one), turn by turn.
/// <code>
/// | length 0 | type 0 | flags 0 | stream n |
/// </code>
/// This dialect has no credit, so without it a reader that stalls would either fill our memory or stop every other stream of the tunnel.
/// A real vproxy drops such a frame unseen, so it may be sent to any peer; a peer that keeps sending in spite of it is met by a bound on
/// the stream's buffer and a reset. The tunnel is one ordered stream, so no toggle is lost or overtaken. For unknown streams it is ignored.
/// </summary>
public static class PauseToggleFrame
{
    public const int LengthBytes = FrameHeader.SizeBytes;

    public static int Write(Span<byte> destination, int streamId) =>
        new FrameHeader(0, FrameType.Data, FrameFlags.None, (uint)streamId).Write(destination);
}
