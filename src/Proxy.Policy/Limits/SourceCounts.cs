using System.Runtime.InteropServices;

namespace Proxy.Policy.Limits;

/// <summary>
/// Connections by address, or by the network around it. An entry lives exactly as long as it counts a connection, so the table is never
/// larger than the number of connections, nothing that counts is ever pushed out, and no flood of addresses makes the count of another forget.
/// </summary>
internal sealed class SourceCounts<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, int> _counts = [];

    public int EntryCount => _counts.Count;

    public int Of(TKey key) => _counts.GetValueOrDefault(key);

    public void Add(TKey key) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _)++;

    public void Remove(TKey key)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, key);
        if (count > 1)
        {
            count--;
        }
        else
        {
            _counts.Remove(key);
        }
    }
}
