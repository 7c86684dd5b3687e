using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Seeds;

/// <summary>
/// The part of etcd that this program uses, in memory and pure: keys with revisions, leases, transactions, a bounded history for watches. Requests
/// and now come in, answers go out. Not thread-safe. Its words for errors are etcd's. What it has not: past revisions, users, space on a disk.
/// </summary>
public sealed partial class SeedStore
{
    private readonly SeedLimits _limits;
    private readonly Random _random;
    private readonly KeyTable _keys = new();
    private readonly SeedHistory _history;
    private readonly ulong _clusterId;
    private readonly ulong _memberId;
    private long _revision = 1;

    /// <summary>An empty store at revision 1, with a cluster's ID that no other has.</summary>
    /// <param name="random">Picks the ID, and the leases' IDs where the asker does not.</param>
    /// <param name="limits">What it holds at most.</param>
    public SeedStore(Random random, SeedLimits? limits = null)
    {
        _random = random;
        _limits = limits ?? new SeedLimits();
        _history = new SeedHistory(_limits);
        _clusterId = (ulong)random.NextInt64(1, long.MaxValue);
        _memberId = (ulong)random.NextInt64(1, long.MaxValue);
    }

    public EngineHeader Header => new(_clusterId, _memberId, _revision, 1);

    public int KeyCount => _keys.Count;

    /// <summary>Answers one request. Leases that have run out by <paramref name="nowMicroseconds"/> end first.</summary>
    public EngineAnswer Handle(EngineRequest request, long nowMicroseconds)
    {
        ExpireLeases(nowMicroseconds);
        return request switch
        {
            RangeRequest range => Range(range),
            TransactionRequest transaction => Transact(transaction),
            PutRequest or DeleteRequest => HandleOne(request),
            GrantLeaseRequest grant => Grant(grant, nowMicroseconds),
            KeepAliveRequest keepAlive => KeepAlive(keepAlive.Id, nowMicroseconds),
            RevokeLeaseRequest revoke => Revoke(revoke.Id),
            CompactRequest compact => Compact(compact.Revision),
            _ => Failed(EngineErrorKind.Unsupported, "the seed does not have this; use etcd"),
        };
    }

    /// <summary>
    /// The next notice of a watch that has seen everything before <paramref name="next"/>; null: nothing has happened yet. Moves
    /// <paramref name="next"/> on.
    /// </summary>
    public WatchNotice? Notice(WatchRequest request, ref long next)
    {
        if (next <= _history.CompactRevision)
        {
            return new WatchEnded(
                new EngineError(EngineErrorKind.Compacted, "etcdserver: mvcc: required revision has been compacted"), _history.CompactRevision);
        }

        while (next <= _revision)
        {
            var before = next;
            var events = _history.From(next, request.Keys, request.ReturnsPrevious, out next);
            if (events.Count > 0)
            {
                return new WatchEvents(Header, events);
            }

            if (next == before)
            {
                next = _revision + 1;
            }
        }

        return null;
    }

    private EngineAnswer Range(RangeRequest request)
    {
        if (request.Revision != 0 && request.Revision < _revision)
        {
            return request.Revision <= _history.CompactRevision
                ? Failed(EngineErrorKind.Compacted, "etcdserver: mvcc: required revision has been compacted")
                : Failed(EngineErrorKind.Unsupported, "the seed reads the present only; past revisions need etcd");
        }

        if (request.Revision > _revision)
        {
            return Failed(EngineErrorKind.Invalid, "etcdserver: mvcc: required revision is a future revision");
        }

        if (request.Keys.Start.Length == 0)
        {
            return Failed(EngineErrorKind.Invalid, "etcdserver: key is not provided");
        }

        var found = _keys.In(request.Keys);
        List<KeyValue> values = [];
        var (bytes, matches) = (0L, 0L);
        foreach (var value in found)
        {
            if (value.ModRevision < request.MinimumModRevision)
            {
                continue;
            }

            matches++;
            if (request.IsCountOnly || (request.Limit > 0 && values.Count >= request.Limit))
            {
                continue;
            }

            bytes += value.Key.Length + (request.IsKeysOnly ? 0 : value.Value.Length);
            if (bytes > _limits.AnswerBytes)
            {
                return Failed(EngineErrorKind.Exhausted, "the answer is too large; ask with a limit");
            }

            values.Add(request.IsKeysOnly ? value with { Value = [] } : value);
        }

        return new RangeAnswer(Header, values, found.Length, !request.IsCountOnly && matches > values.Count);
    }

    private EngineAnswer Compact(long revision)
    {
        if (revision > _revision)
        {
            return Failed(EngineErrorKind.Invalid, "etcdserver: mvcc: required revision is a future revision");
        }

        if (revision <= _history.CompactRevision)
        {
            return Failed(EngineErrorKind.Compacted, "etcdserver: mvcc: required revision has been compacted");
        }

        _history.Compact(revision);
        return new DoneAnswer(Header);
    }

    private static EngineFailure Failed(EngineErrorKind kind, string message) => new(new EngineError(kind, message));
}
