using System.Collections.Concurrent;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// What passed through one frontend since its start, living connections included. Written by the loops of the connections, read by anybody:
/// a reader may miss the bytes of the last moment, never those of an ended connection.
/// </summary>
internal sealed class FrontendCounters
{
    private readonly ConcurrentDictionary<Relay, bool> _live = new();
    private readonly Lock _lock = new();
    private long _endedFromClients;
    private long _endedToClients;

    public void Add(Relay relay) => _live.TryAdd(relay, true);

    public void Remove(Relay relay)
    {
        lock (_lock)
        {
            if (_live.TryRemove(relay, out _))
            {
                _endedFromClients += relay.BytesFromClient;
                _endedToClients += relay.BytesFromUpstream;
            }
        }
    }

    public (long FromClients, long ToClients) Bytes()
    {
        lock (_lock)
        {
            return (_endedFromClients + _live.Keys.Sum(relay => relay.BytesFromClient), _endedToClients + _live.Keys.Sum(relay => relay.BytesFromUpstream));
        }
    }
}
