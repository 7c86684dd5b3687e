using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// Numbers that were lost and rebuilt by forward error correction. They are not acknowledged, so that the loss stays visible, and need not
/// be sent again.
/// <code>
/// | type 6 | largest (64 bits) | count 1-64 | (gap (32 bits), length (32 bits))... |
/// </code>
/// </summary>
public static class RecoveredPart
{
    private const int CountOffset = 8;
    private const int FixedBytes = 9;

    /// <summary>The most ranges that fit into so many bytes; 0 when not even one does.</summary>
    public static int RangesIn(int bytes) =>
        Math.Clamp((bytes - 1 - FixedBytes) / NumberRanges.PairBytes, 0, ProtocolLimits.AcknowledgedRanges);

    /// <summary>Writes the part and returns its length.</summary>
    /// <param name="destination">Room for all of <paramref name="ranges"/>, 8 bytes each and 10 in front.</param>
    /// <param name="ranges">Upward, none touching. At most 64.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<NumberRange> ranges)
    {
        destination[0] = (byte)PartType.Recovered;
        var payload = destination[1..];
        BinaryPrimitives.WriteUInt64BigEndian(payload, ranges[^1].Last);
        payload[CountOffset] = checked((byte)ranges.Length);
        var pairs = payload[FixedBytes..];
        NumberRange? above = null;
        for (var index = ranges.Length - 1; index >= 0; index--)
        {
            NumberRanges.WritePair(pairs, above, ranges[index]);
            above = ranges[index];
            pairs = pairs[NumberRanges.PairBytes..];
        }

        return 1 + FixedBytes + (ranges.Length * NumberRanges.PairBytes);
    }

    public static NumberRanges Ranges(ReadOnlySpan<byte> payload) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(payload), payload[FixedBytes..]);

    internal static PartRule? Measure(ReadOnlySpan<byte> payload, out int length)
    {
        length = 0;
        if (payload.Length < FixedBytes)
        {
            return PartRule.CutShort;
        }

        int count = payload[CountOffset];
        length = FixedBytes + (count * NumberRanges.PairBytes);
        if (count > ProtocolLimits.AcknowledgedRanges)
        {
            return PartRule.BadRanges;
        }

        if (payload.Length < length)
        {
            return PartRule.CutShort;
        }

        return NumberRanges.AreRight(BinaryPrimitives.ReadUInt64BigEndian(payload), payload[FixedBytes..length]) ? null : PartRule.BadRanges;
    }
}
