using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Seeds;

public sealed partial class SeedStore
{
    private readonly Dictionary<long, SeedLease> _leases = [];

    // By when they were to expire when they were put here; a keep-alive moves the lease, not the entry.
    private readonly PriorityQueue<SeedLease, long> _expiry = new();

    /// <summary>When the next lease may run out, or <see cref="Clock.Never"/>.</summary>
    public long NextExpiryMicroseconds => _expiry.TryPeek(out _, out var due) ? due : Clock.Never;

    /// <summary>Ends the leases that have run out. Whether anything changed.</summary>
    public bool ExpireLeases(long nowMicroseconds)
    {
        List<KeyEvent> events = [];
        while (_expiry.TryPeek(out var lease, out var due) && due <= nowMicroseconds)
        {
            _expiry.Dequeue();
            if (!_leases.TryGetValue(lease.Id, out var current) || !ReferenceEquals(current, lease))
            {
                continue;
            }

            if (lease.ExpiresAtMicroseconds > nowMicroseconds)
            {
                _expiry.Enqueue(lease, lease.ExpiresAtMicroseconds);
                continue;
            }

            End(lease, events);
        }

        if (events.Count > 0)
        {
            Commit(events);
        }

        return events.Count > 0;
    }

    private EngineAnswer Grant(GrantLeaseRequest request, long nowMicroseconds)
    {
        if (request.TtlSeconds <= 0 || request.TtlSeconds > _limits.LeaseSeconds)
        {
            return Failed(EngineErrorKind.Invalid, "etcdserver: too large lease TTL");
        }

        if (request.Id < 0 || _leases.ContainsKey(request.Id))
        {
            return Failed(EngineErrorKind.AlreadyExists, "etcdserver: lease already exists");
        }

        if (_leases.Count >= _limits.Leases)
        {
            return Failed(EngineErrorKind.Exhausted, "the seed has no room for more leases");
        }

        var id = request.Id;
        while (id == 0 || _leases.ContainsKey(id))
        {
            id = _random.NextInt64(1, long.MaxValue);
        }

        // As etcd: a lease of one second would end between two heartbeats.
        var ttl = Math.Max(MinimumTtlSeconds, request.TtlSeconds);
        var lease = new SeedLease(id, ttl, nowMicroseconds + (ttl * Clock.Second));
        _leases.Add(id, lease);
        _expiry.Enqueue(lease, lease.ExpiresAtMicroseconds);
        return new LeaseAnswer(Header, id, ttl);
    }

    private LeaseAnswer KeepAlive(long id, long nowMicroseconds)
    {
        if (!_leases.TryGetValue(id, out var lease))
        {
            return new LeaseAnswer(Header, id, 0);
        }

        lease.ExpiresAtMicroseconds = nowMicroseconds + (lease.TtlSeconds * Clock.Second);
        return new LeaseAnswer(Header, id, lease.TtlSeconds);
    }

    private EngineAnswer Revoke(long id)
    {
        if (!_leases.TryGetValue(id, out var lease))
        {
            return Failed(EngineErrorKind.NotFound, "etcdserver: requested lease not found");
        }

        List<KeyEvent> events = [];
        End(lease, events);
        if (events.Count > 0)
        {
            Commit(events);
        }

        return new DoneAnswer(Header);
    }

    private void End(SeedLease lease, List<KeyEvent> events)
    {
        _leases.Remove(lease.Id);
        foreach (var key in lease.Keys.ToArray())
        {
            Remove(_keys.Find(key)!, events);
        }
    }

    private const long MinimumTtlSeconds = 2;
}
