using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>The parts of a cell that most actors never use.</summary>
internal sealed class ActorCellExtras
{
    // Most actors are watched by one other than their parent, or by none.
    private IInternalActorRef? _watcher;
    private HashSet<IInternalActorRef>? _moreWatchers;
    private Dictionary<IActorRef, WatchState>? _watching;
    private HashSet<LocalActorRef>? _stoppingChildren;
    private Dictionary<LocalActorRef, RestartStatistics>? _statistics;

    public Dictionary<IActorRef, WatchState> Watching => _watching ??= [];

    /// <summary>Those that are watched; null when nobody ever was.</summary>
    public Dictionary<IActorRef, WatchState>? WatchingOrNull => _watching;

    public HashSet<LocalActorRef> StoppingChildren => _stoppingChildren ??= [];

    public bool HasStoppingChildren => _stoppingChildren is { Count: > 0 };

    public Stack<Delegate?>? Behaviors { get; set; }

    public TimerScheduler? Timers { get; set; }

    public ActorStash? Stash { get; set; }

    public ReceiveTimer? ReceiveTimer { get; set; }

    public ILoggingAdapter? Logger { get; set; }

    /// <summary>Set from the failure until the supervisor's directive.</summary>
    public Failure? Failure { get; set; }

    public Exception? RecreateCause { get; set; }

    public int RestartCount { get; set; }

    public void AddWatcher(IInternalActorRef watcher)
    {
        if (_watcher is null || _watcher == watcher)
        {
            _watcher = watcher;
        }
        else
        {
            (_moreWatchers ??= []).Add(watcher);
        }
    }

    public void RemoveWatcher(IInternalActorRef watcher)
    {
        if (_watcher == watcher)
        {
            _watcher = null;
        }

        _moreWatchers?.Remove(watcher);
    }

    /// <summary>Tells all but <paramref name="parent"/>, which is told in any case.</summary>
    public void TellWatchers(LocalActorRef terminated, IInternalActorRef parent)
    {
        if (_watcher is not null && _watcher != parent)
        {
            _watcher.SendSystem(new SystemMessage.WatchedTerminated(terminated));
        }

        if (_moreWatchers is null)
        {
            return;
        }

        foreach (var watcher in _moreWatchers)
        {
            if (watcher != parent && watcher != _watcher)
            {
                watcher.SendSystem(new SystemMessage.WatchedTerminated(terminated));
            }
        }
    }

    public RestartStatistics StatisticsOf(LocalActorRef child)
    {
        _statistics ??= [];
        if (!_statistics.TryGetValue(child, out var statistics))
        {
            _statistics.Add(child, statistics = new RestartStatistics());
        }

        return statistics;
    }

    public void ForgetChild(LocalActorRef child)
    {
        _stoppingChildren?.Remove(child);
        _statistics?.Remove(child);
    }

    public void ReleaseActor()
    {
        Timers?.CancelAll();
        Stash?.UnstashAll();
        ReceiveTimer?.Dispose();
        ReceiveTimer = null;
        Behaviors = null;
    }
}
