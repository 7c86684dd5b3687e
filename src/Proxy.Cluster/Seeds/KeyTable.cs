using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Seeds;

/// <summary>Keys in their order, found by halving. An insertion moves what lies behind it: at most a megabyte, at ten thousand a second.</summary>
internal sealed class KeyTable
{
    private readonly List<KeyValue> _sorted = [];

    public int Count => _sorted.Count;

    /// <summary>Of keys and values.</summary>
    public long Bytes { get; private set; }

    public KeyValue? Find(ReadOnlySpan<byte> key)
    {
        var index = LowerBound(key);
        return index < _sorted.Count && key.SequenceEqual(_sorted[index].Key) ? _sorted[index] : null;
    }

    public void Set(KeyValue value)
    {
        var index = LowerBound(value.Key);
        if (index < _sorted.Count && value.Key.AsSpan().SequenceEqual(_sorted[index].Key))
        {
            Bytes -= SizeOf(_sorted[index]);
            _sorted[index] = value;
        }
        else
        {
            _sorted.Insert(index, value);
        }

        Bytes += SizeOf(value);
    }

    public void Remove(byte[] key)
    {
        var index = LowerBound(key);
        if (index < _sorted.Count && key.AsSpan().SequenceEqual(_sorted[index].Key))
        {
            Bytes -= SizeOf(_sorted[index]);
            _sorted.RemoveAt(index);
        }
    }

    /// <summary>What lies in a range. Not a copy: to be used up before the next change.</summary>
    public ReadOnlySpan<KeyValue> In(KeyRange keys)
    {
        var start = LowerBound(keys.Start);
        var end = keys.IsOneKey ? start + (Find(keys.Start) is null ? 0 : 1)
            : keys.IsOpen ? _sorted.Count
            : Math.Max(start, LowerBound(keys.End));
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_sorted)[start..end];
    }

    internal static long SizeOf(KeyValue value) => value.Key.Length + value.Value.Length + KeyOverheadBytes;

    private int LowerBound(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, _sorted.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_sorted[middle].Key.AsSpan().SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    // Two arrays, the record, the place in the list: an empty value is not free.
    private const int KeyOverheadBytes = 128;
}
