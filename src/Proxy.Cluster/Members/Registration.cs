using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Members;

/// <summary>How a node's own record stands.</summary>
public enum RegistrationState
{
    /// <summary>Not written yet, or no longer there.</summary>
    Unclaimed,

    /// <summary>Written under the present lease.</summary>
    Registered,

    /// <summary>Another node has the name; it is tried again until that one is gone.</summary>
    Taken,
}

/// <summary>
/// Writes a node's own record under its lease. Pure: requests out, answers in, one at a time. Each write compares the revision it is over, so neither
/// a write that arrives late nor a node of the same name is overwritten. State is written at once; capacity and load, where it differs by a
/// tenth, at most once in 10 s.
/// </summary>
public sealed class Registration
{
    private readonly byte[] _key;
    private readonly Random _random;
    private readonly Backoff _backoff;
    private MemberRecord _wanted;
    private MemberRecord? _written;
    private MemberRecord? _sent;
    private long _lease;
    private long _over;
    private long _retryAt;
    private long _nextWriteAt;
    private long _refreshAt;
    private bool _isAsked;

    /// <summary>Nothing is written before there is a lease.</summary>
    /// <param name="key">Where the record goes.</param>
    /// <param name="record">What is to be there.</param>
    /// <param name="random">For jitter.</param>
    public Registration(string key, MemberRecord record, Random random)
    {
        _key = KeyText.Bytes(key);
        _wanted = record;
        _random = random;
        _backoff = new Backoff(200 * Clock.Millisecond, 5 * Clock.Second, random);
    }

    public RegistrationState State { get; private set; }

    /// <summary>Who has the name, where <see cref="State"/> says so; null: a record that cannot be read.</summary>
    public MemberRecord? Holder { get; private set; }

    /// <summary>Whether the holder is this very node's identity, started later: this process is the one that is too many.</summary>
    public bool IsSuperseded { get; private set; }

    /// <summary>Why the last write failed; null: it did not.</summary>
    public EngineError? LastError { get; private set; }

    /// <summary>The revision of the record as it was written last.</summary>
    public long Revision => State == RegistrationState.Registered ? _over : 0;

    /// <summary>The record was seen to be gone at a later revision than that: write it again.</summary>
    public void HandleGone(long nowMicroseconds)
    {
        Forget();
        _retryAt = Math.Max(_retryAt, nowMicroseconds + _backoff.Next());
    }

    /// <summary>What is to be there from now on.</summary>
    public void Update(MemberRecord record) => _wanted = record;

    /// <summary>When <see cref="Take"/> has something next, as far as time decides it.</summary>
    public long DueMicroseconds
    {
        get
        {
            if (_isAsked || _lease == 0)
            {
                return Clock.Never;
            }

            if (State != RegistrationState.Registered)
            {
                return _retryAt;
            }

            var due = _written is null || _written.State != _wanted.State ? _retryAt
                : !_wanted.HasSameFactsAs(_written) || _wanted.Load.DiffersByATenth(_written.Load) ? Math.Max(_retryAt, _nextWriteAt)
                : Clock.Never;
            return Math.Min(due, Math.Max(_retryAt, _refreshAt));
        }
    }

    /// <summary>What to ask the engine now, or null.</summary>
    /// <param name="leaseId">The lease that is held; 0: none.</param>
    /// <param name="nowMicroseconds">Now.</param>
    /// <param name="unixMilliseconds">What this node's clock shows, for the record.</param>
    public EngineRequest? Take(long leaseId, long nowMicroseconds, long unixMilliseconds)
    {
        if (leaseId != _lease)
        {
            // What was under another lease ends with that one.
            _lease = leaseId;
            _retryAt = nowMicroseconds;
            Forget();
        }

        if (nowMicroseconds < DueMicroseconds)
        {
            return null;
        }

        _isAsked = true;
        _sent = _wanted with { ClockMilliseconds = unixMilliseconds };
        return new TransactionRequest(
            [Comparison.IsChangedAt(_key, _over)],
            [new PutRequest(_key, MemberJson.Write(_sent), _lease)],
            [new RangeRequest(new KeyRange(_key, []))]);
    }

    /// <summary>The answer to what was taken last.</summary>
    public void Answer(EngineAnswer answer, long nowMicroseconds)
    {
        _isAsked = false;
        LastError = (answer as EngineFailure)?.Error;
        switch (answer)
        {
            case TransactionAnswer { Succeeded: true } done:
                HandleWritten(done.Header.Revision, nowMicroseconds);
                break;
            case TransactionAnswer { Answers: [RangeAnswer found] }:
                HandleOther(found.Values.Count > 0 ? found.Values[0] : null, nowMicroseconds);
                break;
            default:
                _retryAt = nowMicroseconds + _backoff.Next();
                break;
        }
    }

    private void HandleWritten(long revision, long nowMicroseconds)
    {
        State = RegistrationState.Registered;
        _over = revision;
        _written = _sent;
        Holder = null;
        IsSuperseded = false;
        _nextWriteAt = nowMicroseconds + WriteInterval + _random.NextInt64(WriteInterval / 4);
        _refreshAt = nowMicroseconds + RefreshInterval - _random.NextInt64(RefreshInterval / 5);
        _backoff.Reset();
    }

    // The key is not as it was thought to be.
    private void HandleOther(KeyValue? found, long nowMicroseconds)
    {
        _retryAt = nowMicroseconds;
        if (found is null)
        {
            Forget();
            return;
        }

        if (found.Lease == _lease)
        {
            // An answer was lost: what is there is this node's own, of whichever attempt.
            State = RegistrationState.Registered;
            _over = found.ModRevision;
            _written = null;
            return;
        }

        var holder = MemberJson.TryRead(found.Value, _wanted.Name, out var record, out _) ? record : null;
        var isSelf = holder is not null && holder.Identity == _wanted.Identity;
        if (isSelf && holder!.StartedAtMilliseconds <= _wanted.StartedAtMilliseconds)
        {
            // This node before it was restarted, or before it lost its lease.
            State = RegistrationState.Unclaimed;
            _over = found.ModRevision;
            return;
        }

        Forget();
        State = RegistrationState.Taken;
        Holder = holder;
        IsSuperseded = isSelf;
        _retryAt = nowMicroseconds + TakenRetry + _random.NextInt64(TakenRetry / 2);
    }

    private void Forget()
    {
        State = RegistrationState.Unclaimed;
        _over = 0;
        _written = null;
    }

    // A thousand members that all watch each other: a hundred records a second is what that makes at most.
    private const long WriteInterval = 10 * Clock.Second;

    // Says that the clock is still right, and costs nothing.
    private const long RefreshInterval = 600 * Clock.Second;

    private const long TakenRetry = 2 * Clock.Second;
}
