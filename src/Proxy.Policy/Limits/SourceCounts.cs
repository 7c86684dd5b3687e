using Proxy.Policy.Rules;

namespace Proxy.Policy.Limits;

/// <summary>
/// Connections by address and by the network around it. An entry lives exactly as long as it counts a connection, so the tables are never
/// larger than the number of connections, nothing that counts is ever pushed out, and no flood of addresses makes the count of another forget.
/// </summary>
internal sealed class SourceCounts
{
    private readonly Dictionary<NetworkAddress, int> _byAddress = [];
    private readonly Dictionary<Cidr, int> _byPrefix = [];

    public int EntryCount => _byAddress.Count + _byPrefix.Count;

    public int Of(NetworkAddress address) => _byAddress.GetValueOrDefault(address);

    public int Of(Cidr prefix) => _byPrefix.GetValueOrDefault(prefix);

    public void Add(SourceKeys keys)
    {
        Add(_byAddress, keys.Address);
        Add(_byPrefix, keys.Prefix);
    }

    public void Remove(SourceKeys keys)
    {
        Remove(_byAddress, keys.Address);
        Remove(_byPrefix, keys.Prefix);
    }

    private static void Add<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;

    private static void Remove<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        var count = counts[key];
        if (count > 1)
        {
            counts[key] = count - 1;
        }
        else
        {
            counts.Remove(key);
        }
    }
}
