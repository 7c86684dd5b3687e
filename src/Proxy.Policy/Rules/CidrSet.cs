using System.Net;

namespace Proxy.Policy.Rules;

/// <summary>
/// A set of addresses given by blocks and exceptions: the longest block that holds an address decides, so the order of entries does not matter.
/// Kept as sorted ranges that do not touch; a look-up is one binary search and allocates nothing. Immutable, so any thread may read; two with the
/// same addresses are equal. Made by <see cref="CidrSetBuilder"/>.
/// </summary>
public sealed class CidrSet : IEquatable<CidrSet>
{
    private readonly UInt128[] _firsts;
    private readonly UInt128[] _lasts;

    internal CidrSet(IReadOnlyList<(UInt128 First, UInt128 Last)> ranges)
    {
        _firsts = [.. ranges.Select(range => range.First)];
        _lasts = [.. ranges.Select(range => range.Last)];
    }

    public bool IsEmpty => _firsts.Length == 0;

    /// <summary>How many separate ranges of addresses the blocks came down to.</summary>
    public int RangeCount => _firsts.Length;

    /// <summary>Whether the address is in the set.</summary>
    public bool Contains(NetworkAddress address)
    {
        var range = LastRangeStartingAtOrBefore(address.Value);
        return range >= 0 && address.Value <= _lasts[range];
    }

    /// <summary>Whether the address is in the set.</summary>
    public bool Contains(IPAddress address) => Contains(NetworkAddress.From(address));

    /// <summary>Whether every address of the other set is in this one too.</summary>
    public bool Covers(CidrSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < other._firsts.Length; i++)
        {
            var range = LastRangeStartingAtOrBefore(other._firsts[i]);
            if (range < 0 || other._lasts[i] > _lasts[range])
            {
                return false;
            }
        }

        return true;
    }

    public bool Equals(CidrSet? other) => other is not null && _firsts.AsSpan().SequenceEqual(other._firsts) && _lasts.AsSpan().SequenceEqual(other._lasts);

    public override bool Equals(object? obj) => Equals(obj as CidrSet);

    public override int GetHashCode() => _firsts.Length == 0 ? 0 : HashCode.Combine(_firsts.Length, _firsts[0], _lasts[^1]);

    public override string ToString() => RangeCount == 1 ? "1 range" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{RangeCount} ranges");

    private int LastRangeStartingAtOrBefore(UInt128 value)
    {
        var index = Array.BinarySearch(_firsts, value);
        return index >= 0 ? index : ~index - 1;
    }

    /// <summary>Whether no address is outside the set.</summary>
    internal bool IsEverything => _firsts.Length == 1 && _firsts[0] == UInt128.Zero && _lasts[0] == UInt128.MaxValue;
}
