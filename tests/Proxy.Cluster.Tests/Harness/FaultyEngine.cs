using Proxy.Cluster.Engine;
using Proxy.Cluster.Seeds;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Harness;

/// <summary>
/// One node's way to a store under virtual time: it can be cut, slowed, and made to lose answers. The store behind it can be replaced, as by a restart.
/// </summary>
internal sealed class FaultyEngine(Func<SeedEngine> store, ManualTime time) : IEngine
{
    private static readonly EngineError Cut = new(EngineErrorKind.Unreachable, "the engine is cut off");
    private static readonly EngineError Lost = new(EngineErrorKind.Timeout, "the answer was lost");
    private readonly HashSet<FaultyWatch> _watches = [];

    public bool IsAway { get; private set; }

    /// <summary>Whether requests are done and their answers lost; with a delay, done that much later.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>How long an answer takes, and a failure.</summary>
    public TimeSpan Delay { get; set; }

    public List<EngineRequest> Requests { get; } = [];

    public void CutOff()
    {
        IsAway = true;
        foreach (var watch in _watches.ToArray())
        {
            watch.End();
        }
    }

    public void Restore() => IsAway = false;

    /// <summary>The store behind was replaced: connections break, nothing else.</summary>
    public void BreakConnections()
    {
        CutOff();
        Restore();
    }

    public Task<EngineAnswer> CallAsync(EngineRequest request)
    {
        Requests.Add(request);
        if (LosesAnswers && request.IsWrite && !IsAway && Delay > TimeSpan.Zero)
        {
            // The worst that can happen: the asker is told nothing, goes on, and then it is done.
            Later(() => store().Call(request));
            return Task.FromResult<EngineAnswer>(new EngineFailure(Lost, MayHaveBeenApplied: true));
        }

        var answer = IsAway ? new EngineFailure(Cut) : store().Call(request);
        if (LosesAnswers && answer is not EngineFailure)
        {
            answer = new EngineFailure(Lost, request.IsWrite);
        }

        if (Delay == TimeSpan.Zero)
        {
            return Task.FromResult(answer);
        }

        var later = new TaskCompletionSource<EngineAnswer>();
        Later(() => later.SetResult(answer));
        return later.Task;
    }

    private void Later(Action action)
    {
        ITimer? timer = null;
        timer = time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                action();
            },
            null, Delay, Timeout.InfiniteTimeSpan);
    }

    public IWatch Watch(WatchRequest request)
    {
        var watch = new FaultyWatch(this, IsAway ? null : store().Watch(request));
        _watches.Add(watch);
        return watch;
    }

    private sealed class FaultyWatch(FaultyEngine owner, IWatch? inner) : IWatch
    {
        private bool _isCut = inner is null;

        public async Task<WatchNotice> NextAsync()
        {
            var notice = _isCut ? new WatchEnded(Cut) : await inner!.NextAsync();
            return _isCut ? new WatchEnded(Cut) : notice;
        }

        public void End()
        {
            _isCut = true;
            Dispose();
        }

        public void Dispose()
        {
            owner._watches.Remove(this);
            inner?.Dispose();
        }
    }
}
