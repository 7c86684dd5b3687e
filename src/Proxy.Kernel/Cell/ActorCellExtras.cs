using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>The parts of a cell that most actors never use.</summary>
internal sealed class ActorCellExtras
{
    private HashSet<IInternalActorRef>? _watchers;
    private Dictionary<IActorRef, WatchState>? _watching;
    private HashSet<LocalActorRef>? _stoppingChildren;
    private Dictionary<LocalActorRef, RestartStatistics>? _statistics;

    public HashSet<IInternalActorRef> Watchers => _watchers ??= [];

    public Dictionary<IActorRef, WatchState> Watching => _watching ??= [];

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

    public void RemoveWatcher(IInternalActorRef watcher) => _watchers?.Remove(watcher);

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
