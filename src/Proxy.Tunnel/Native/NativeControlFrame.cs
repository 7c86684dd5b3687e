using Proxy.Protocol.Frames;

namespace Proxy.Tunnel.Native;

/// <summary>
/// A frame without payload that waits for its lane, ahead of all data there. Kept as a value and written whole, so that a queue of them can be
/// dropped at any moment.
/// </summary>
/// <param name="Kind">SYN, RST, PING or its answer, or GOAWAY for a drain.</param>
/// <param name="Number">The stream's id, that of a PING, or the last stream of a GOAWAY.</param>
/// <param name="Value">A SYN's first credit; a RST's reason and, above it, distance.</param>
internal readonly record struct NativeControlFrame(FrameKind Kind, long Number, uint Value = 0)
{
    /// <summary>The longest that <see cref="Write"/> writes.</summary>
    public const int MaxLengthBytes = FrameHeader.SizeBytes + GoAwayFrame.NumbersBytes + 16;

    private const string DrainText = "draining";

    public static NativeControlFrame Reset(int streamId, WireReason reason, byte distance) =>
        new(FrameKind.Reset, streamId, (uint)reason | ((uint)distance << 8));

    public int Write(Span<byte> destination) => Kind switch
    {
        FrameKind.Ping => PingFrame.Write(destination, Number),
        FrameKind.PingAcknowledge => PingFrame.WriteAcknowledge(destination, Number),
        FrameKind.Syn => NativeSynFrame.Write(destination, (int)Number, Value),
        FrameKind.Reset => NativeResetFrame.Write(destination, (int)Number, (WireReason)(byte)Value, (byte)(Value >> 8)),
        FrameKind.GoAway => NativeGoAwayFrame.WriteDrain(destination, (int)Number, DrainText),
        _ => throw new InvalidOperationException($"{Kind} is not a control frame."),
    };
}
