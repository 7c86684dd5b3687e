using System.Buffers.Binary;

namespace Proxy.Protocol.Frames;

/// <summary>
/// Shuts the tunnel down, with all its streams, for a reason. It is not answered.
/// <code>
/// | length | type 7 | flags 0 | stream 0 | last stream id (32 bits) | error (32 bits) | reason text... |
/// </code>
/// Neither number is used here; vproxy writes all ones into both and so do we. A payload too short for them stands for the reason "GOAWAY".
/// </summary>
public static class GoAwayFrame
{
    public const int NumbersBytes = 8;
    public const int MaxLengthBytes = FrameHeader.SizeBytes + NumbersBytes + ProtocolLimits.ReasonBytes;
    public const uint Unused = uint.MaxValue;

    /// <summary>Stands for the reason where the peer gave none.</summary>
    public const string NoReason = "GOAWAY";

    public static int LengthBytes(string reason) => FrameHeader.SizeBytes + NumbersBytes + WireText.LengthBytes(reason, ProtocolLimits.ReasonBytes);

    /// <summary>Writes the frame, its reason cut to <see cref="ProtocolLimits.ReasonBytes"/>.</summary>
    public static int Write(Span<byte> destination, string reason)
    {
        var reasonBytes = WireText.Write(reason, destination[(FrameHeader.SizeBytes + NumbersBytes)..], ProtocolLimits.ReasonBytes);
        new FrameHeader(NumbersBytes + reasonBytes, FrameType.GoAway, FrameFlags.None, 0).Write(destination);
        BinaryPrimitives.WriteUInt32BigEndian(destination[FrameHeader.SizeBytes..], Unused);
        BinaryPrimitives.WriteUInt32BigEndian(destination[(FrameHeader.SizeBytes + 4)..], Unused);
        return FrameHeader.SizeBytes + NumbersBytes + reasonBytes;
    }

    internal static Frame Read(ReadOnlySpan<byte> payload) => payload.Length < NumbersBytes
        ? Frame.GoAway(Unused, Unused, NoReasonBytes)
        : Frame.GoAway(
            BinaryPrimitives.ReadUInt32BigEndian(payload),
            BinaryPrimitives.ReadUInt32BigEndian(payload[4..]),
            payload[NumbersBytes..Math.Min(payload.Length, NumbersBytes + ProtocolLimits.ReasonBytes)]);

    private static ReadOnlySpan<byte> NoReasonBytes => "GOAWAY"u8;
}
