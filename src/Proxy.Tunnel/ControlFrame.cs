using Proxy.Protocol.Frames;

namespace Proxy.Tunnel;

/// <summary>
/// A frame without payload of a stream that waits for the lane. Kept as a value and written whole: a queue of them can be dropped at any
/// moment without leaving half a frame on the wire.
/// </summary>
/// <param name="Kind">Anything but DATA and GOAWAY.</param>
/// <param name="Number">The stream's id, or that of a PING.</param>
internal readonly record struct ControlFrame(FrameKind Kind, long Number)
{
    /// <summary>Writes the frame and returns its length, at most that of a PING.</summary>
    public int Write(Span<byte> destination) => Kind switch
    {
        FrameKind.Settings => SettingsFrame.Write(destination),
        FrameKind.Ping => PingFrame.Write(destination, Number),
        FrameKind.PingAcknowledge => PingFrame.WriteAcknowledge(destination, Number),
        FrameKind.Syn => SynFrame.Write(destination, (int)Number),
        FrameKind.Reset => ResetFrame.Write(destination, (int)Number),
        FrameKind.PauseToggle => PauseToggleFrame.Write(destination, (int)Number),
        _ => throw new InvalidOperationException($"{Kind} is not a control frame."),
    };
}
