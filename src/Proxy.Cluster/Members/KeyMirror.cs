using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Members;

/// <summary>Something of the mirrored keys is new.</summary>
/// <param name="Key">Which.</param>
/// <param name="Now">As it is; null: it is gone.</param>
/// <param name="IsLive">Whether it happened just now, and was not read from the past.</param>
public readonly record struct KeyChange(string Key, KeyValue? Now, bool IsLive);

/// <summary>What a mirror wants of the engine.</summary>
public abstract record MirrorWish
{
    private protected MirrorWish()
    {
    }

    /// <summary>Ask this; the answer goes to <see cref="KeyMirror.Answer"/>.</summary>
    public sealed record Ask(EngineRequest Request) : MirrorWish;

    /// <summary>Close the watch that there is and open this one; its notices go to <see cref="KeyMirror.Notice"/>.</summary>
    public sealed record Open(WatchRequest Request) : MirrorWish;
}

/// <summary>
/// A copy of a range of keys: listed once, then watched, resumed where it was when the watch breaks, listed again when the engine has
/// forgotten that revision or is another engine. Pure. While the engine is away the copy stays and is stale. Every 10 s it is compared in number
/// and revision, so that a watch that is open and dead is found.
/// </summary>
public sealed partial class KeyMirror
{
    private readonly KeyRange _range;
    private readonly long _graceMicroseconds;
    private readonly Random _random;
    private readonly Backoff _backoff;
    private readonly SortedDictionary<string, KeyValue> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _ghosts = [];
    private readonly Queue<KeyChange> _changes = new();
    private Phase _phase = Phase.Listing;
    private long _dueAt;
    private long _checkAt = Clock.Never;
    private long _suspectRevision;
    private long _liveAfter;
    private bool _isAsked;
    private bool _isCheckAsked;

    /// <summary>A mirror that has seen nothing.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="graceMicroseconds">How long keys stay that another engine does not have: who wrote them will write them there too, within a
    /// lease.</param>
    /// <param name="random">For jitter.</param>
    public KeyMirror(KeyRange range, long graceMicroseconds, Random random)
    {
        _range = range;
        _graceMicroseconds = graceMicroseconds;
        _random = random;
        _backoff = new Backoff(200 * Clock.Millisecond, 5 * Clock.Second, random);
    }

    private enum Phase
    {
        /// <summary>Everything is to be read.</summary>
        Listing,

        /// <summary>A watch is to be opened.</summary>
        Resuming,

        /// <summary>It was asked for.</summary>
        Opening,

        /// <summary>It stands.</summary>
        Watching,
    }

    public IReadOnlyDictionary<string, KeyValue> Keys => _keys;

    /// <summary>Up to which revision the copy is complete.</summary>
    public long Revision { get; private set; }

    public ulong ClusterId { get; private set; }

    /// <summary>Whether the engine is away, or was never seen.</summary>
    public bool IsStale { get; private set; } = true;

    public long StaleSinceMicroseconds { get; private set; }

    /// <summary>Engines that were another one than before.</summary>
    public int ResetCount { get; private set; }

    public EngineError? LastError { get; private set; }

    /// <summary>When <see cref="Take"/> has something next.</summary>
    public long DueMicroseconds
    {
        get
        {
            var due = _phase switch
            {
                Phase.Listing => _isAsked || _isCheckAsked ? Clock.Never : _dueAt,
                Phase.Resuming => _dueAt,
                Phase.Watching => _isCheckAsked ? Clock.Never : _checkAt,
                _ => Clock.Never,
            };
            return _ghosts.Count == 0 ? due : Math.Min(due, _ghosts.Values.Min());
        }
    }

    public bool TryTakeChange(out KeyChange change) => _changes.TryDequeue(out change);

    /// <summary>For who looks at <see cref="Keys"/> alone.</summary>
    public void ForgetChanges() => _changes.Clear();

    /// <summary>What to do now, or null.</summary>
    public MirrorWish? Take(long nowMicroseconds)
    {
        EndGhosts(nowMicroseconds);
        switch (_phase)
        {
            case Phase.Listing when !_isAsked && !_isCheckAsked && nowMicroseconds >= _dueAt:
                _isAsked = true;
                return new MirrorWish.Ask(new RangeRequest(_range));
            case Phase.Resuming when nowMicroseconds >= _dueAt:
                _phase = Phase.Opening;
                return new MirrorWish.Open(new WatchRequest(_range, Revision + 1));
            case Phase.Watching when !_isCheckAsked && nowMicroseconds >= _checkAt:
                _isCheckAsked = true;
                return new MirrorWish.Ask(new RangeRequest(_range) { MinimumModRevision = Revision + 1, Limit = 1, IsKeysOnly = true });
            default:
                return null;
        }
    }

    /// <summary>The answer to what was asked last.</summary>
    public void Answer(EngineAnswer answer, long nowMicroseconds)
    {
        var isCheck = _isCheckAsked;
        (_isAsked, _isCheckAsked) = (false, false);
        if (answer is not RangeAnswer found)
        {
            LastError = (answer as EngineFailure)?.Error;
            _checkAt = nowMicroseconds + CheckInterval;
            if (!isCheck)
            {
                Fail(nowMicroseconds);
            }
        }
        else if (!isCheck)
        {
            HandleList(found, nowMicroseconds);
        }
        else if (_phase == Phase.Watching)
        {
            HandleCheck(found, nowMicroseconds);
        }
    }

    /// <summary>A notice of the watch that was opened last.</summary>
    public void Notice(WatchNotice notice, long nowMicroseconds)
    {
        if (_phase is not (Phase.Opening or Phase.Watching))
        {
            // Of a watch that is about to be replaced; what it says is read again.
            return;
        }

        switch (notice)
        {
            case WatchCreated created when created.Header.ClusterId != ClusterId:
                // Another engine; a watch from a revision of the old one would wait for ever.
                List(nowMicroseconds);
                break;
            case WatchCreated created:
                _phase = Phase.Watching;
                _liveAfter = created.Header.Revision;
                _checkAt = nowMicroseconds + CheckInterval + _random.NextInt64(CheckInterval / 2);
                SetFresh();
                break;
            case WatchEvents events:
                HandleEvents(events);
                break;
            case WatchEnded ended:
                HandleEnded(ended, nowMicroseconds);
                break;
        }
    }

    private void List(long dueAt)
    {
        _phase = Phase.Listing;
        _dueAt = dueAt;
    }

    private void HandleList(RangeAnswer found, long nowMicroseconds)
    {
        var isOther = ClusterId != 0 && found.Header.ClusterId != ClusterId;
        ResetCount += isOther ? 1 : 0;
        ClusterId = found.Header.ClusterId;
        Revision = found.Header.Revision;
        var listed = found.Values.ToDictionary(value => value.KeyText);
        foreach (var key in _keys.Keys.Where(key => !listed.ContainsKey(key)).ToArray())
        {
            if (isOther && _graceMicroseconds > 0)
            {
                _ghosts[key] = nowMicroseconds + _graceMicroseconds;
            }
            else if (!_ghosts.ContainsKey(key))
            {
                Remove(key, isLive: false);
            }
        }

        foreach (var (key, value) in listed)
        {
            if (!_keys.TryGetValue(key, out var known) || known.ModRevision != value.ModRevision || isOther)
            {
                Set(key, value, isLive: false);
            }

            _ghosts.Remove(key);
        }

        _phase = Phase.Resuming;
        _dueAt = nowMicroseconds;
        _backoff.Reset();
        SetFresh();
    }

    private void HandleEvents(WatchEvents events)
    {
        foreach (var happened in events.Events)
        {
            var key = happened.Now.KeyText;
            var isLive = happened.Now.ModRevision > _liveAfter;
            _ghosts.Remove(key);
            if (happened.IsDelete)
            {
                Remove(key, isLive);
            }
            else
            {
                Set(key, happened.Now, isLive);
            }

            Revision = Math.Max(Revision, happened.Now.ModRevision);
        }

        _backoff.Reset();
    }

    private void HandleEnded(WatchEnded ended, long nowMicroseconds)
    {
        var stood = _phase == Phase.Watching;
        LastError = ended.Error;
        if (ended.Error.Kind == EngineErrorKind.Compacted)
        {
            List(nowMicroseconds);
        }
        else if (stood)
        {
            // It stood until now: the next endpoint has it, most likely.
            _phase = Phase.Resuming;
            _dueAt = nowMicroseconds + _random.NextInt64(100 * Clock.Millisecond);
        }
        else
        {
            _phase = Phase.Resuming;
            Fail(nowMicroseconds);
        }
    }

    private void Fail(long nowMicroseconds)
    {
        _dueAt = nowMicroseconds + _backoff.Next();
        if (!IsStale || StaleSinceMicroseconds == 0)
        {
            IsStale = true;
            StaleSinceMicroseconds = nowMicroseconds;
        }
    }

    private void SetFresh()
    {
        IsStale = false;
        StaleSinceMicroseconds = 0;
        LastError = null;
    }

    private const long CheckInterval = 10 * Clock.Second;
}
