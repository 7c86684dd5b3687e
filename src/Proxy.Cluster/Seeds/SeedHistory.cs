using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Seeds;

/// <summary>The latest changes, so that watches can resume; bounded, the oldest revisions go first and whole.</summary>
internal sealed class SeedHistory(SeedLimits limits)
{
    private readonly List<Entry> _entries = [];
    private int _start;
    private int _events;
    private long _bytes;

    /// <summary>Up to this revision everything is forgotten.</summary>
    public long CompactRevision { get; private set; }

    public void Add(long revision, IReadOnlyList<KeyEvent> events)
    {
        var bytes = events.Sum(SizeOf);
        _entries.Add(new Entry(revision, events, bytes));
        _events += events.Count;
        _bytes += bytes;
        while ((_events > limits.HistoryEvents || _bytes > limits.HistoryBytes) && _start < _entries.Count)
        {
            DropOldest();
        }
    }

    /// <summary>Forgets what happened up to that revision.</summary>
    public void Compact(long revision)
    {
        while (_start < _entries.Count && _entries[_start].Revision <= revision)
        {
            DropOldest();
        }

        CompactRevision = Math.Max(CompactRevision, revision);
    }

    /// <summary>What happened in a range of keys from a revision on, some thousand events at most, and the revision to go on from.</summary>
    public List<KeyEvent> From(long revision, KeyRange keys, bool withPrevious, out long next)
    {
        List<KeyEvent> found = [];
        next = revision;
        for (var index = IndexOf(revision); index < _entries.Count && found.Count < limits.NoticeEvents; index++)
        {
            foreach (var happened in _entries[index].Events)
            {
                if (keys.Contains(happened.Now.Key))
                {
                    found.Add(withPrevious ? happened : happened with { Previous = null });
                }
            }

            next = _entries[index].Revision + 1;
        }

        return found;
    }

    private int IndexOf(long revision)
    {
        var (low, high) = (_start, _entries.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _entries[middle].Revision < revision ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void DropOldest()
    {
        var oldest = _entries[_start];
        _events -= oldest.Events.Count;
        _bytes -= oldest.Bytes;
        CompactRevision = oldest.Revision;
        _entries[_start++] = default;
        if (_start > _entries.Count / 2)
        {
            _entries.RemoveRange(0, _start);
            _start = 0;
        }
    }

    private static long SizeOf(KeyEvent happened) =>
        KeyTable.SizeOf(happened.Now) + (happened.Previous is { } previous ? KeyTable.SizeOf(previous) : 0);

    private readonly record struct Entry(long Revision, IReadOnlyList<KeyEvent> Events, long Bytes);
}
