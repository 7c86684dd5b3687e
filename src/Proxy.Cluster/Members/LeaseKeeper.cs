using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Members;

/// <summary>
/// Gets a lease and keeps it alive. Pure: requests out, answers in, one at a time. What hangs on the lease may be relied on while
/// <see cref="IsHeld"/>: that is counted from when the request was <em>sent</em>, by this node's own clock, so it ends before the engine gives
/// anything to others, whoever cannot reach whom.
/// </summary>
public sealed class LeaseKeeper
{
    private readonly long _ttlSeconds;
    private readonly Random _random;
    private readonly Backoff _backoff;
    private long _grantedSeconds;
    private long _validUntil;
    private long _dueAt;
    private long _sentAt;
    private EngineRequest? _asked;
    private bool _isReleasing;

    /// <summary>A keeper of leases of that length, which has none yet.</summary>
    public LeaseKeeper(long ttlSeconds, Random random)
    {
        _ttlSeconds = ttlSeconds;
        _random = random;
        _backoff = new Backoff(FirstRetry, Math.Max(FirstRetry, ttlSeconds * Clock.Second), random);
    }

    /// <summary>0: none.</summary>
    public long LeaseId { get; private set; }

    /// <summary>Leases that the engine has ended while they were wanted.</summary>
    public int LostCount { get; private set; }

    /// <summary>Why the last request failed; null: it did not.</summary>
    public EngineError? LastError { get; private set; }

    /// <summary>Whether it has been given back.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>When <see cref="Take"/> has something next.</summary>
    public long DueMicroseconds => _asked is not null || IsReleased ? Clock.Never : _dueAt;

    /// <summary>When it can no longer be relied on, unless an answer comes before.</summary>
    public long ValidUntilMicroseconds => LeaseId == 0 ? 0 : _validUntil;

    public bool IsHeld(long nowMicroseconds) => LeaseId != 0 && nowMicroseconds < _validUntil;

    /// <summary>What to ask the engine now, or null.</summary>
    public EngineRequest? Take(long nowMicroseconds)
    {
        if (nowMicroseconds < DueMicroseconds)
        {
            return null;
        }

        if (_isReleasing && LeaseId == 0)
        {
            IsReleased = true;
            return null;
        }

        _sentAt = nowMicroseconds;
        _asked = _isReleasing ? new RevokeLeaseRequest(LeaseId)
            : LeaseId != 0 ? new KeepAliveRequest(LeaseId)
            : new GrantLeaseRequest(_ttlSeconds, _random.NextInt64(1, long.MaxValue));
        return _asked;
    }

    /// <summary>The answer to what was taken last.</summary>
    public void Answer(EngineAnswer answer, long nowMicroseconds)
    {
        var asked = _asked;
        _asked = null;
        LastError = (answer as EngineFailure)?.Error;
        switch (answer)
        {
            case LeaseAnswer lease when asked is GrantLeaseRequest || (asked is KeepAliveRequest && lease.TtlSeconds > 0):
                HandleAlive(asked is GrantLeaseRequest grant ? grant.Id : LeaseId, lease.TtlSeconds);
                break;
            case LeaseAnswer:
                HandleLost(nowMicroseconds);
                break;
            case DoneAnswer or EngineFailure { Error.Kind: EngineErrorKind.NotFound } when asked is RevokeLeaseRequest:
                IsReleased = true;
                LeaseId = 0;
                break;
            default:
                // A revocation is tried once more and then left to time: who leaves does not wait for an engine that is away.
                IsReleased = asked is RevokeLeaseRequest && _isReleasing && nowMicroseconds >= _validUntil;
                _dueAt = nowMicroseconds + _backoff.Next();
                break;
        }
    }

    /// <summary>Something has failed as if the lease were gone: look now.</summary>
    public void Suspect(long nowMicroseconds) => _dueAt = Math.Min(_dueAt, nowMicroseconds);

    /// <summary>Gives the lease back, and what hangs on it.</summary>
    public void Release(long nowMicroseconds)
    {
        _isReleasing = true;
        _dueAt = nowMicroseconds;
    }

    private void HandleAlive(long id, long ttlSeconds)
    {
        LeaseId = id;
        _grantedSeconds = ttlSeconds;
        _validUntil = Math.Max(_validUntil, _sentAt + (_grantedSeconds * Clock.Second * SafePermille / 1000));
        var third = _grantedSeconds * Clock.Second / 3;
        _dueAt = _isReleasing ? _sentAt : _sentAt + (third * 4 / 5) + _random.NextInt64((third / 5) + 1);
        _backoff.Reset();
    }

    private void HandleLost(long nowMicroseconds)
    {
        LeaseId = 0;
        LostCount++;
        _validUntil = 0;
        _dueAt = nowMicroseconds;
    }

    private const long FirstRetry = 200 * Clock.Millisecond;

    // The clocks of two machines may run apart by a tenth, which no working ones do.
    private const long SafePermille = 900;
}
