using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Shares;

/// <summary>
/// A node's side of the shared limits: says what it wants and holds, and goes by what it was granted under its present lease. Pure, but for the
/// <see cref="ClusterLimit"/>s that it moves. Requests out, answers in, one at a time. A report compares the revision it is over: one that arrives
/// late would say less than is held.
/// </summary>
public sealed class ShareHolder
{
    private readonly byte[] _key;
    private readonly Dictionary<string, Limit> _limits = [];
    private (long? Revision, ShareGrants? Grants) _read;
    private ShareReport? _written;
    private ShareReport? _sent;
    private long _lease;
    private long _over;
    private long _seen;
    private long _seenOfLast;
    private long _sampledAt = long.MinValue / 2;
    private long _nextWriteAt;
    private bool _isAsked;

    /// <summary>A holder without limits.</summary>
    /// <param name="key">Where the report goes.</param>
    public ShareHolder(string key) => _key = KeyText.Bytes(key);

    /// <summary>The limits this node has.</summary>
    public IReadOnlyCollection<ClusterLimit> Limits => [.. _limits.Values.Select(limit => limit.Shared)];

    /// <summary>When <see cref="Take"/> may have something next.</summary>
    public long DueMicroseconds => HasNothingToSay || _isAsked
        ? Clock.Never
        : Math.Min(_sampledAt + SampleInterval, IsUrgent ? _nextWriteAt : Clock.Never);

    private bool HasNothingToSay => _limits.Count == 0 && (_over == 0 || _written is { Limits.Count: 0 });

    private bool IsUrgent => _lease != 0 && (_written is null || _written.SeenRevision != _seen);

    /// <summary>Shares that limit from now on. False: there are too many, or its ID is none.</summary>
    public bool Add(ClusterLimit limit)
    {
        if (_limits.Count >= ShareJson.MaximumLimits || !ShareJson.IsId(limit.Id) || !_limits.TryAdd(limit.Id, new Limit(limit)))
        {
            return false;
        }

        _written = null;
        return true;
    }

    /// <summary>Shares it no more. Nothing may be taken of it from here on.</summary>
    public void Remove(ClusterLimit limit)
    {
        if (_limits.TryGetValue(limit.Id, out var known) && known.Shared == limit)
        {
            _limits.Remove(limit.Id);
            limit.Set(0, 0);
            _written = null;
        }
    }

    /// <summary>Goes by the grant, where it is of the present lease, and by the lease itself.</summary>
    /// <param name="leaseId">The lease that the engine last said lives; 0: none.</param>
    /// <param name="validUntilMicroseconds">How long this node may rely on it.</param>
    /// <param name="grant">The node's key of grants; null: there is none.</param>
    public void Apply(long leaseId, long validUntilMicroseconds, KeyValue? grant)
    {
        if (leaseId != _lease)
        {
            _lease = leaseId;
            _written = null;
            _seen = 0;
            foreach (var limit in _limits.Values)
            {
                limit.ReportedRevision = null;
            }
        }

        if (grant?.ModRevision != _read.Revision)
        {
            _read = (grant?.ModRevision, grant is not null && ShareJson.TryReadGrants(grant.Value, out var read) ? read : null);
        }

        var grants = leaseId != 0 && _read.Grants?.Lease == leaseId ? _read.Grants : null;
        _seen = grants is null ? 0 : grant!.ModRevision;
        foreach (var limit in _limits.Values)
        {

            // A grant from before the limit was told of is one of its former life here, and may have been given to others since.
            var isOfThis = limit.ReportedRevision is { } told && _seen > told;
            var share = isOfThis ? grants?.Grants.FirstOrDefault(one => one.Id == limit.Shared.Id)?.Share : null;
            var keeps = limit.Shared.Policy == AwayPolicy.KeepShare;
            limit.Share = share ?? (keeps && grants is null ? limit.Share : 0);
            limit.Shared.Set(limit.Share, keeps ? Clock.Never : validUntilMicroseconds);
        }

        if (_seen != _seenOfLast)
        {
            // What was taken away is free for others only when this has been said.
            _seenOfLast = _seen;
            _nextWriteAt = 0;
        }
    }

    /// <summary>What to ask the engine now, or null.</summary>
    public EngineRequest? Take(long nowMicroseconds)
    {
        if (HasNothingToSay)
        {
            return null;
        }

        if (nowMicroseconds >= _sampledAt + SampleInterval)
        {
            Sample(nowMicroseconds);
        }

        if (_isAsked || _lease == 0 || nowMicroseconds < _nextWriteAt)
        {
            return null;
        }

        var report = new ShareReport(_seen, [.. _limits.Values.Select(limit => limit.Use())]);
        if (_written is not null && !Differs(report, _written))
        {
            return null;
        }

        _isAsked = true;
        _sent = report;
        return new TransactionRequest(
            [Comparison.IsChangedAt(_key, _over)],
            [new PutRequest(_key, ShareJson.Write(report), _lease)],
            [new RangeRequest(new KeyRange(_key, [])) { IsKeysOnly = true }]);
    }

    /// <summary>The answer to what was taken last.</summary>
    public void Answer(EngineAnswer answer, long nowMicroseconds)
    {
        _isAsked = false;
        _nextWriteAt = nowMicroseconds + WriteInterval;
        switch (answer)
        {
            case TransactionAnswer { Succeeded: true } done:
                _over = done.Header.Revision;
                _written = _sent;
                foreach (var use in _sent!.Limits)
                {
                    if (_limits.TryGetValue(use.Id, out var limit) && use.Limit == limit.Shared.Limit)
                    {
                        limit.ReportedRevision ??= _over;
                    }
                }

                break;
            case TransactionAnswer { Answers: [RangeAnswer found] }:
                // An answer was lost, or the lease of before has ended.
                _over = found.Values is [var value, ..] ? value.ModRevision : 0;
                _written = null;
                _nextWriteAt = nowMicroseconds;
                break;
            default:
                _written = null;
                break;
        }
    }

    private void Sample(long nowMicroseconds)
    {
        _sampledAt = nowMicroseconds;
        foreach (var limit in _limits.Values)
        {
            limit.Sample();
        }
    }

    private static bool Differs(ShareReport now, ShareReport written)
    {
        if (now.SeenRevision != written.SeenRevision || now.Limits.Count != written.Limits.Count)
        {
            return true;
        }

        for (var index = 0; index < now.Limits.Count; index++)
        {
            var (one, other) = (now.Limits[index], written.Limits[index]);
            var notable = Math.Max(1, other.Wanted / 10);
            if (one.Held != other.Held || Math.Abs(one.Wanted - other.Wanted) >= notable)
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Limit(ClusterLimit shared)
    {
        private readonly long[] _samples = new long[Samples];
        private int _next;
        private int _count;
        private long _countedBefore;

        public ClusterLimit Shared { get; } = shared;

        /// <summary>The revision at which the engine was first told of it under the present lease; null: it was not yet.</summary>
        public long? ReportedRevision { get; set; }

        /// <summary>What this node goes by; it has been set.</summary>
        public long Share { get; set; }

        public void Sample()
        {
            var counted = Shared.Refused + Shared.Attempts;
            _samples[_next] = Math.Min(Shared.Limit, Shared.Active + counted - _countedBefore);
            _countedBefore = counted;
            _next = (_next + 1) % Samples;
            _count = Math.Min(Samples, _count + 1);
        }

        public ShareUse Use() => new(Shared.Id, Shared.Limit, _count == 0 ? 0 : _samples.Sum() / _count, Math.Max(Share, Shared.Active));

        private const int Samples = 5;
    }

    private const long SampleInterval = Clock.Second;

    // What is open falls by many in a second; said once.
    private const long WriteInterval = 500 * Clock.Millisecond;
}
