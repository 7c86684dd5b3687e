using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Seeds;

/// <summary>A watch of a <see cref="SeedEngine"/>. It has no queue: it reads on in the store's history, which is bounded.</summary>
internal sealed class SeedWatch(SeedEngine engine, WatchRequest request) : IWatch
{
    private static readonly WatchEnded Closed = new(new EngineError(EngineErrorKind.Closed, "the watch was closed"));
    private readonly Lock _lock = new();
    private TaskCompletionSource<WatchNotice>? _waiting;
    private WatchNotice? _last;
    private long _next;
    private bool _isCreated;

    public bool IsWaiting => Volatile.Read(ref _waiting) is not null;

    public Task<WatchNotice> NextAsync()
    {
        Task<WatchNotice> task;
        lock (_lock)
        {
            if (_last is not null)
            {
                return Task.FromResult(_last);
            }

            if (!_isCreated)
            {
                _isCreated = true;
                return Task.FromResult(Create());
            }

            _waiting = new TaskCompletionSource<WatchNotice>();
            task = _waiting.Task;
        }

        Look();
        return task;
    }

    /// <summary>Hands out what there is, if somebody waits for it.</summary>
    public void Look()
    {
        TaskCompletionSource<WatchNotice> waiting;
        WatchNotice? notice;
        lock (_lock)
        {
            if (_waiting is null || (notice = _last ?? engine.Notice(request, ref _next)) is null)
            {
                return;
            }

            Keep(notice);
            waiting = _waiting;
            _waiting = null;
        }

        waiting.SetResult(notice);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _last ??= Closed;
        }

        engine.Leave(this);
        Look();
    }

    private WatchNotice Create()
    {
        if (engine.Enter(this) is not { } header)
        {
            return Keep(new WatchEnded(new EngineError(EngineErrorKind.Exhausted, "the seed has no room for more watches")));
        }

        _next = request.StartRevision > 0 ? request.StartRevision : header.Revision + 1;
        return new WatchCreated(header);
    }

    private WatchNotice Keep(WatchNotice notice)
    {
        if (notice is WatchEnded)
        {
            _last = notice;
            engine.Leave(this);
        }

        return notice;
    }
}
