namespace Proxy.Actors;

/// <summary>
/// The connections of one frontend, and what passed through it since its start, living connections included. Written by the loops of the
/// connections, read by anybody: a reader may miss the bytes of the last moment, never those of an ended connection.
/// </summary>
internal sealed class FrontendCounters
{
    private readonly Lock _lock = new();
    private ConnectionRecord? _first;
    private int _live;
    private long _endedFromClients;
    private long _endedToClients;

    public void Add(ConnectionRecord record)
    {
        lock (_lock)
        {
            record.Next = _first;
            if (_first is not null)
            {
                _first.Previous = record;
            }

            _first = record;
            _live++;
        }
    }

    /// <summary>Once for each that was added.</summary>
    public void Remove(ConnectionRecord record)
    {
        lock (_lock)
        {
            if (record.Previous is { } previous)
            {
                previous.Next = record.Next;
            }
            else
            {
                _first = record.Next;
            }

            if (record.Next is { } next)
            {
                next.Previous = record.Previous;
            }

            _live--;
            _endedFromClients += record.BytesFromClient;
            _endedToClients += record.BytesFromUpstream;
        }
    }

    public int LiveCount => Volatile.Read(ref _live);

    /// <summary>Those that live now, the newest first, at most <paramref name="most"/>.</summary>
    public IReadOnlyList<ConnectionRecord> Live(int most = int.MaxValue)
    {
        lock (_lock)
        {
            var records = new List<ConnectionRecord>(Math.Min(most, _live));
            for (var record = _first; record is not null && records.Count < most; record = record.Next)
            {
                records.Add(record);
            }

            return records;
        }
    }

    public (long FromClients, long ToClients) Bytes()
    {
        lock (_lock)
        {
            var (fromClients, toClients) = (_endedFromClients, _endedToClients);
            for (var record = _first; record is not null; record = record.Next)
            {
                fromClients += record.BytesFromClient;
                toClients += record.BytesFromUpstream;
            }

            return (fromClients, toClients);
        }
    }
}
