using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Locks;

/// <summary>
/// A lock that one node has as long as its lease lives: a key that only one can create. Pure: requests out, answers in, one at a time. What the
/// holder writes carries <see cref="FencingToken"/> as a comparison (<see cref="Fence"/>), so that a former holder that does not know it yet
/// changes nothing.
/// </summary>
public sealed class LeaseLock
{
    private readonly byte[] _key;
    private readonly byte[] _owner;
    private readonly Random _random;
    private readonly Backoff _backoff;
    private long _lease;
    private long _askedLease;
    private long _retryAt;
    private bool _isAsked;
    private bool _wasTaken;

    public LeaseLock(string key, string owner, Random random)
    {
        _key = KeyText.Bytes(key);
        _owner = KeyText.Bytes(owner);
        _random = random;
        _backoff = new Backoff(300 * Clock.Millisecond, 5 * Clock.Second, random);
    }

    /// <summary>
    /// The revision at which the lock was taken, larger for each later holder; 0: not held. Whether the lease still lives is the keeper's to say.
    /// </summary>
    public long FencingToken { get; private set; }

    /// <summary>The same under that lease; 0: the lock was taken under another one, and is gone with it, whether that has been seen or not.</summary>
    public long TokenUnder(long leaseId) => leaseId == _lease ? FencingToken : 0;

    /// <summary>When <see cref="Take"/> may have something next, as far as time decides it.</summary>
    public long DueMicroseconds => _isAsked || _lease == 0 || FencingToken != 0 || _wasTaken ? Clock.Never : _retryAt;

    /// <summary>What a write of the holder has to compare.</summary>
    public Comparison Fence => Comparison.IsCreatedAt(_key, FencingToken);

    /// <summary>What to ask the engine now, or null.</summary>
    /// <param name="leaseId">The lease that is held; 0: none, and then no lock either.</param>
    /// <param name="seen">The lock's key as it was seen last; null: free.</param>
    /// <param name="seenRevision">The revision at which that was so.</param>
    /// <param name="nowMicroseconds">Now.</param>
    public EngineRequest? Take(long leaseId, KeyValue? seen, long seenRevision, long nowMicroseconds)
    {
        if (leaseId != _lease || (FencingToken != 0 && seenRevision >= FencingToken && seen?.CreateRevision != FencingToken))
        {
            FencingToken = 0;
            _lease = leaseId;
        }

        var isTaken = seen is not null && seen.Lease != leaseId;
        if (_wasTaken && !isTaken)
        {
            // Everybody sees it at once; not everybody has to ask at once.
            _retryAt = Math.Max(_retryAt, nowMicroseconds + _random.NextInt64(200 * Clock.Millisecond));
        }

        _wasTaken = isTaken;
        if (_isAsked || FencingToken != 0 || leaseId == 0 || isTaken || nowMicroseconds < _retryAt)
        {
            return null;
        }

        _isAsked = true;
        _askedLease = leaseId;
        return new TransactionRequest(
            [Comparison.IsCreatedAt(_key, 0)], [new PutRequest(_key, _owner, leaseId)], [new RangeRequest(new KeyRange(_key, []))]);
    }

    /// <summary>The answer to what was taken last. One that was asked under a former lease is worth nothing: the lock goes with that lease.</summary>
    public void Answer(EngineAnswer answer, long nowMicroseconds)
    {
        _isAsked = false;
        switch (answer)
        {
            case TransactionAnswer { Succeeded: true } done when _askedLease == _lease:
                FencingToken = done.Header.Revision;
                _backoff.Reset();
                break;
            case TransactionAnswer { Answers: [RangeAnswer { Values: [var found, ..] }] } when found.Lease == _lease && _askedLease == _lease:
                // Taken by an attempt whose answer was lost.
                FencingToken = found.CreateRevision;
                _backoff.Reset();
                break;
            default:
                _retryAt = nowMicroseconds + _backoff.Next();
                break;
        }
    }
}
