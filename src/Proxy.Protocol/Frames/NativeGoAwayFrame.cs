using System.Buffers.Binary;

namespace Proxy.Protocol.Frames;

/// <summary>
/// Native dialect: no stream is to be opened here any more; those that exist go on (error 0, the only one that is written: an end at once is
/// a close part). The layout is that of <see cref="GoAwayFrame"/>.
/// </summary>
public static class NativeGoAwayFrame
{
    public const uint DrainError = 0;
    public const int MaxLengthBytes = GoAwayFrame.MaxLengthBytes;

    /// <summary>Writes the frame, its text cut to <see cref="ProtocolLimits.ReasonBytes"/>, and returns its length.</summary>
    /// <param name="lastStreamId">The highest id that was taken.</param>
    public static int WriteDrain(Span<byte> destination, int lastStreamId, string text)
    {
        var length = GoAwayFrame.Write(destination, text);
        BinaryPrimitives.WriteUInt32BigEndian(destination[FrameHeader.SizeBytes..], (uint)lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(destination[(FrameHeader.SizeBytes + 4)..], DrainError);
        return length;
    }
}
