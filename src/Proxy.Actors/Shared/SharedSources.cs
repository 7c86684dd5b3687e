using Proxy.Cluster.Shares;
using Proxy.Policy.Rules;

namespace Proxy.Actors;

/// <summary>
/// Connections of each source address over all nodes of the cluster. A source with few of them here is let in without asking anybody; one that has more
/// gets a limit of its own that the nodes divide, for as long as it has a connection. So a source has at most its limit, and at each further node as many as are
/// let in without asking. An entry lives exactly as long as it counts a connection. For one thread.
/// </summary>
/// <param name="door">Where limits are shared.</param>
/// <param name="frontend">Whose they are.</param>
/// <param name="limit">Of each source.</param>
internal sealed class SharedSources(ClusterDoor door, string frontend, int limit)
{
    private readonly Dictionary<NetworkAddress, Entry> _entries = [];
    private readonly int _unasked = Math.Max(1, limit / UnaskedPart);
    private int _shared;

    public bool TryTake(NetworkAddress source, long nowMicroseconds)
    {
        if (!_entries.TryGetValue(source, out var entry))
        {
            _entries.Add(source, entry = new Entry());
        }

        if (entry.Count < _unasked)
        {
            entry.Count++;
            entry.Limit?.Adopt(1);
        }
        else if (entry.Limit?.TryTake(nowMicroseconds) == true)
        {
            entry.Count++;
        }
        else
        {
            return false;
        }

        if (entry.Count == _unasked && entry.Limit is null && _shared < MaximumShared)
        {
            // Asked for before it is needed: the answer takes a second.
            _shared++;
            entry.Limit = door.LimitOf($"source:{frontend}:{source}", limit);
            entry.Limit.Adopt(entry.Count);
        }

        return true;
    }

    public void Release(NetworkAddress source)
    {
        var entry = _entries[source];
        entry.Count--;
        entry.Limit?.Release();
        if (entry.Count == 0)
        {
            _entries.Remove(source);
            if (entry.Limit is { } shared)
            {
                _shared--;
                door.Forget(shared);
            }
        }
    }

    private sealed class Entry
    {
        public int Count { get; set; }

        public ClusterLimit? Limit { get; set; }
    }

    private const int UnaskedPart = 20;

    // Beside the other limits of the node; of all other sources each has what is let in without asking.
    private const int MaximumShared = 100;
}
