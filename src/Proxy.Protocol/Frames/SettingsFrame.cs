namespace Proxy.Protocol.Frames;

/// <summary>
/// The handshake, and its answer: the same bytes both ways, the first frame of each direction, once.
/// <code>
/// | length 0 | type 4 | flags 0 | stream 0 |
/// </code>
/// </summary>
public static class SettingsFrame
{
    public const int LengthBytes = FrameHeader.SizeBytes;

    public static int Write(Span<byte> destination) => new FrameHeader(0, FrameType.Settings, FrameFlags.None, 0).Write(destination);
}
