using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// Ranges of numbers on the wire, from the largest number downward: <c>count u8 · (gap u32, length u32)*</c>. A gap is how many numbers are
/// missing above the range (0 for the first, at least 1 for the others), a length how many it has, at least 1.
/// Reading goes through the ranges once, without keeping them.
/// </summary>
public ref struct NumberRanges
{
    internal const int PairBytes = 8;

    private ReadOnlySpan<byte> _pairs;
    private ulong _next; // one above the highest number that is not decided yet

    internal NumberRanges(ulong largest, ReadOnlySpan<byte> pairs)
    {
        _pairs = pairs;
        _next = largest + 1;
    }

    /// <summary>How many are left.</summary>
    public readonly int Count => _pairs.Length / PairBytes;

    /// <summary>The next range downward; false when there is none.</summary>
    public bool TryRead(out NumberRange range)
    {
        if (_pairs.IsEmpty)
        {
            range = default;
            return false;
        }

        var last = _next - 1 - BinaryPrimitives.ReadUInt32BigEndian(_pairs);
        var length = BinaryPrimitives.ReadUInt32BigEndian(_pairs[4..]);
        range = new NumberRange(last - length + 1, last);
        _next = range.First;
        _pairs = _pairs[PairBytes..];
        return true;
    }

    /// <summary>Reads all that are left to the end of <paramref name="destination"/>, upward, and gives where they begin.</summary>
    /// <param name="destination">Room for <see cref="Count"/>.</param>
    public int CopyUpward(scoped Span<NumberRange> destination)
    {
        var first = destination.Length;
        while (TryRead(out var range))
        {
            destination[--first] = range;
        }

        return first;
    }

    /// <summary>Whether the pairs stay at or above number 0, are not empty and do not touch.</summary>
    internal static bool AreRight(ulong largest, ReadOnlySpan<byte> pairs)
    {
        if (pairs.IsEmpty || largest == ulong.MaxValue)
        {
            return false;
        }

        var left = largest + 1;
        for (var isFirst = true; !pairs.IsEmpty; pairs = pairs[PairBytes..], isFirst = false)
        {
            var gap = BinaryPrimitives.ReadUInt32BigEndian(pairs);
            var length = BinaryPrimitives.ReadUInt32BigEndian(pairs[4..]);
            if (isFirst != (gap == 0) || length == 0 || (ulong)gap + length > left)
            {
                return false;
            }

            left -= (ulong)gap + length;
        }

        return true;
    }

    /// <summary>Writes one pair; <paramref name="above"/> is the range written before it, null for the first.</summary>
    internal static void WritePair(Span<byte> destination, NumberRange? above, NumberRange range)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, above is { } upper ? checked((uint)(upper.First - range.Last - 1)) : 0);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], checked((uint)(range.Last - range.First + 1)));
    }
}
