using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Bans;

/// <summary>
/// Tells the engine of this node's bans, each under a lease of its own that ends with it: nobody has to take it back. Pure: requests out, answers in, one at a
/// time; what cannot be told is dropped after some tries, and holds here all the same.
/// </summary>
/// <param name="prefix">What the keys of bans begin with.</param>
public sealed class BanTeller(string prefix)
{
    private readonly LinkedList<SharedBan> _queue = new();
    private readonly Queue<string> _removed = new();
    private readonly Dictionary<string, SharedBan> _own = new(StringComparer.Ordinal);
    private SharedBan? _current;
    private long _lease;
    private long _nextAt;
    private int _tries;
    private bool _isAsked;

    public long DueMicroseconds => _isAsked || (_current is null && _queue.Count + _removed.Count == 0) ? Clock.Never : _nextAt;

    /// <summary>False: too many wait to be told.</summary>
    public bool Add(SharedBan ban)
    {
        if (_queue.Count >= MaximumWaiting)
        {
            return false;
        }

        _queue.AddLast(ban);
        if (_own.Count < MaximumWaiting)
        {
            _own[BanJson.KeyOf(ban.Scope, ban.Source)] = ban;
        }

        return true;
    }

    /// <summary>Nobody is to hold any ban of that source any more.</summary>
    public void Remove(string source)
    {
        // What still waits to be told, or is being told, is not told after it was taken back.
        for (var node = _queue.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Source == source)
            {
                _queue.Remove(node);
            }

            node = next;
        }

        _current = _current?.Source == source ? null : _current;
        foreach (var scope in Enum.GetValues<BanScope>())
        {
            var key = BanJson.KeyOf(scope, source);
            _own.Remove(key);
            if (_removed.Count < MaximumWaiting)
            {
                _removed.Enqueue(key);
            }
        }
    }

    /// <summary>The engine has forgotten everything: what this node has told it is told again, as far as it holds still.</summary>
    public void TellAgain(long nowUnixMilliseconds)
    {
        ForgetOver(nowUnixMilliseconds);
        foreach (var ban in _own.Values.Take(MaximumWaiting - _queue.Count))
        {
            _queue.AddLast(ban);
        }
    }

    /// <summary>What to ask the engine now, or null.</summary>
    public EngineRequest? Take(long nowMicroseconds, long nowUnixMilliseconds)
    {
        if (nowMicroseconds < DueMicroseconds)
        {
            return null;
        }

        if (_current is null && _removed.TryDequeue(out var key))
        {
            _isAsked = true;
            return new DeleteRequest(KeyRange.One(prefix + key));
        }

        if (_own.Count == MaximumWaiting)
        {
            ForgetOver(nowUnixMilliseconds);
        }

        if (_current is null)
        {
            (_current, _lease, _tries) = (_queue.First!.Value, 0, 0);
            _queue.RemoveFirst();
        }

        var left = _current.UntilUnixMilliseconds - nowUnixMilliseconds;
        if (left <= 0)
        {
            Next(nowMicroseconds);
            return Take(nowMicroseconds, nowUnixMilliseconds);
        }

        _isAsked = true;
        return _lease == 0
            ? new GrantLeaseRequest(Math.Max(1, (left + 999) / 1000), 0)
            : new PutRequest(KeyText.Bytes(prefix + BanJson.KeyOf(_current.Scope, _current.Source)), BanJson.Write(_current), _lease);
    }

    /// <summary>The answer to what was taken last.</summary>
    public void Answer(EngineAnswer answer, long nowMicroseconds)
    {
        _isAsked = false;
        if (_current is null)
        {
            return;
        }

        switch (answer)
        {
            case LeaseAnswer granted:
                _lease = granted.Id;
                break;
            case EngineFailure when ++_tries < MostTries:
                _lease = 0;
                _nextAt = nowMicroseconds + RetryAfter;
                break;
            default:
                Next(nowMicroseconds);
                break;
        }
    }

    private void ForgetOver(long nowUnixMilliseconds)
    {
        foreach (var key in _own.Where(own => own.Value.UntilUnixMilliseconds <= nowUnixMilliseconds).Select(own => own.Key).ToArray())
        {
            _own.Remove(key);
        }
    }

    private void Next(long nowMicroseconds)
    {
        _current = null;
        _nextAt = nowMicroseconds + Interval;
    }

    private const int MaximumWaiting = 1000;
    private const int MostTries = 5;
    private const long RetryAfter = Clock.Second;
    private const long Interval = 20 * Clock.Millisecond;
}
