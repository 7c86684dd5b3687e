using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// Half of a KCP segment that was made for larger datagrams than the path still carries: KCP cannot cut one anew. The first half is the first
/// <see cref="SplitBytes"/> bytes of the segment, header included, the second the rest.
/// <code>
/// | type 9 | half 0, 1 | lane | sequence number (32 bits) | length (16 bits) | bytes... |
/// </code>
/// </summary>
public static class PiecePart
{
    public const int SplitBytes = 1100;

    /// <summary>A whole segment at most.</summary>
    public const int MaxSegmentBytes = 2 * SplitBytes;

    /// <summary>In front of the bytes.</summary>
    public const int HeaderBytes = 1 + FixedBytes;

    private const int LaneOffset = 1;
    private const int SequenceNumberOffset = 2;
    private const int LengthOffset = 6;
    private const int FixedBytes = 8;

    /// <summary>Writes the half of the whole segment and returns the part's length.</summary>
    public static int Write(Span<byte> destination, bool isSecond, byte lane, uint sequenceNumber, ReadOnlySpan<byte> segment)
    {
        var bytes = isSecond ? segment[SplitBytes..] : segment[..SplitBytes];
        destination[0] = (byte)PartType.Piece;
        destination[1] = isSecond ? (byte)1 : (byte)0;
        destination[1 + LaneOffset] = lane;
        BinaryPrimitives.WriteUInt32BigEndian(destination[(1 + SequenceNumberOffset)..], sequenceNumber);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(1 + LengthOffset)..], checked((ushort)bytes.Length));
        bytes.CopyTo(destination[HeaderBytes..]);
        return HeaderBytes + bytes.Length;
    }

    public static bool IsSecond(ReadOnlySpan<byte> payload) => payload[0] == 1;

    public static byte Lane(ReadOnlySpan<byte> payload) => payload[LaneOffset];

    public static uint SequenceNumber(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32BigEndian(payload[SequenceNumberOffset..]);

    public static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> payload) => payload[FixedBytes..];

    internal static PartRule? Measure(ReadOnlySpan<byte> payload, out int length)
    {
        length = 0;
        if (payload.Length < FixedBytes)
        {
            return PartRule.CutShort;
        }

        var bytes = BinaryPrimitives.ReadUInt16BigEndian(payload[LengthOffset..]);
        var isRight = payload[0] == 0 ? bytes == SplitBytes : payload[0] == 1 && bytes is > 0 and <= MaxSegmentBytes - SplitBytes;
        if (!isRight)
        {
            return PartRule.BadPiece;
        }

        length = FixedBytes + bytes;
        return payload.Length < length ? PartRule.CutShort : null;
    }
}
