using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// Says which datagrams arrived, by their numbers, and how long the newest of them waited for this answer.
/// <code>
/// | type 2 | largest (64 bits) | delay µs (32 bits) | count 1-64 | (gap (32 bits), length (32 bits))... |
/// </code>
/// </summary>
public static class AcknowledgementPart
{
    private const int DelayOffset = 8;
    private const int CountOffset = 12;
    private const int FixedBytes = 13;

    /// <summary>With one range.</summary>
    public const int MinLengthBytes = 1 + FixedBytes + NumberRanges.PairBytes;

    /// <summary>With so many ranges.</summary>
    public static int LengthOf(int ranges) => 1 + FixedBytes + (ranges * NumberRanges.PairBytes);

    /// <summary>The most ranges that fit into so many bytes; 0 when not even one does.</summary>
    public static int RangesIn(int bytes) =>
        Math.Clamp((bytes - 1 - FixedBytes) / NumberRanges.PairBytes, 0, ProtocolLimits.AcknowledgedRanges);

    /// <summary>Writes the part and returns its length.</summary>
    /// <param name="destination">Room for all of <paramref name="ranges"/>: see <see cref="RangesIn"/>.</param>
    /// <param name="ranges">Upward, none touching; the last holds the largest number. At most 64.</param>
    /// <param name="delayMicroseconds">From the arrival of the largest until now.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<NumberRange> ranges, long delayMicroseconds)
    {
        destination[0] = (byte)PartType.Acknowledgement;
        var payload = destination[1..];
        BinaryPrimitives.WriteUInt64BigEndian(payload, ranges[^1].Last);
        BinaryPrimitives.WriteUInt32BigEndian(payload[DelayOffset..], (uint)Math.Clamp(delayMicroseconds, 0, uint.MaxValue));
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

    public static ulong Largest(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64BigEndian(payload);

    public static long DelayMicroseconds(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32BigEndian(payload[DelayOffset..]);

    public static NumberRanges Ranges(ReadOnlySpan<byte> payload) => new(Largest(payload), payload[FixedBytes..]);

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

        return NumberRanges.AreRight(Largest(payload), payload[FixedBytes..length]) ? null : PartRule.BadRanges;
    }
}
