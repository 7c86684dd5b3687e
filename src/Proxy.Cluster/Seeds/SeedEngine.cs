using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Seeds;

/// <summary>
/// A <see cref="SeedStore"/> as an engine: one lock, the provider's clock, a timer for the next lease that runs out. Thread-safe. The seed's host
/// serves it over HTTP; under virtual time it is the engine itself.
/// </summary>
public sealed class SeedEngine : IEngine, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SeedStore _store;
    private readonly SeedLimits _limits;
    private readonly TimeProvider _time;
    private readonly ITimer _expiry;
    private readonly HashSet<SeedWatch> _watches = [];

    public SeedEngine(Random random, TimeProvider time, SeedLimits? limits = null)
    {
        _limits = limits ?? new SeedLimits();
        _store = new SeedStore(random, _limits);
        _time = time;
        _expiry = time.CreateTimer(_ => HandleExpiry(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public EngineHeader Header
    {
        get
        {
            lock (_lock)
            {
                return _store.Header;
            }
        }
    }

    public EngineAnswer Call(EngineRequest request)
    {
        EngineAnswer answer;
        bool isChanged;
        lock (_lock)
        {
            var revision = _store.Header.Revision;
            answer = _store.Handle(request, _time.NowMicroseconds());
            isChanged = _store.Header.Revision != revision || request is CompactRequest;
            ArmExpiry();
        }

        if (isChanged)
        {
            Wake();
        }

        return answer;
    }

    public Task<EngineAnswer> CallAsync(EngineRequest request) => Task.FromResult(Call(request));

    public IWatch Watch(WatchRequest request) => new SeedWatch(this, request);

    public void Dispose()
    {
        _expiry.Dispose();
        SeedWatch[] watches;
        lock (_lock)
        {
            watches = [.. _watches];
        }

        foreach (var watch in watches)
        {
            watch.Dispose();
        }
    }

    /// <summary>The watch is one of those that are woken. Null: there are too many.</summary>
    internal EngineHeader? Enter(SeedWatch watch)
    {
        lock (_lock)
        {
            if (_watches.Count >= _limits.Watchers)
            {
                return null;
            }

            _watches.Add(watch);
            return _store.Header;
        }
    }

    internal void Leave(SeedWatch watch)
    {
        lock (_lock)
        {
            _watches.Remove(watch);
        }
    }

    internal WatchNotice? Notice(WatchRequest request, ref long next)
    {
        lock (_lock)
        {
            return _store.Notice(request, ref next);
        }
    }

    private void HandleExpiry()
    {
        lock (_lock)
        {
            _store.ExpireLeases(_time.NowMicroseconds());
            ArmExpiry();
        }

        Wake();
    }

    private void ArmExpiry()
    {
        var due = _store.NextExpiryMicroseconds;
        var wait = due == Clock.Never
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromMicroseconds(Math.Max(0, due - _time.NowMicroseconds())) + TimeSpan.FromMilliseconds(1);
        _expiry.Change(wait, Timeout.InfiniteTimeSpan);
    }

    // Outside of the lock: whoever waits goes on on this thread and may ask for more.
    private void Wake()
    {
        SeedWatch[] waiting;
        lock (_lock)
        {
            waiting = [.. _watches.Where(watch => watch.IsWaiting)];
        }

        foreach (var watch in waiting)
        {
            watch.Look();
        }
    }
}
