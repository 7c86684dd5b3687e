using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;
using Proxy.Kernel;

namespace Proxy.Cluster;

/// <summary>Something has come for a part of the cluster's actor.</summary>
/// <param name="Handle">What takes it, given now.</param>
internal sealed record Arrived(Action<long> Handle);

/// <summary>Does for a <see cref="KeyMirror"/> what it wishes; results come back as messages. Used by one actor, on its thread.</summary>
internal sealed class MirrorDriver(KeyMirror mirror, IEngine engine, IActorRef self) : IDisposable
{
    private IWatch? _watch;
    private int _generation;

    public KeyMirror Mirror => mirror;

    public void Turn(long nowMicroseconds)
    {
        while (mirror.Take(nowMicroseconds) is { } wish)
        {
            switch (wish)
            {
                case MirrorWish.Ask ask:
                    engine.Ask(ask.Request, self, mirror.Answer);
                    break;
                case MirrorWish.Open open:
                    Dispose();
                    _watch = engine.Watch(open.Request);
                    TakeNotice(_watch, _generation);
                    break;
            }
        }
    }

    public void Dispose()
    {
        _generation++;
        _watch?.Dispose();
        _watch = null;
    }

    // The next notice is asked for when this one has been handled: a flood waits at the engine.
    private void TakeNotice(IWatch watch, int generation) => _ = watch.NextAsync().PipeTo(
        self,
        success: notice => new Arrived(now => Handle(watch, generation, notice, now)),
        failure: cause => new Arrived(now => Handle(watch, generation, new WatchEnded(EngineCalls.Unexpected(cause)), now)));

    private void Handle(IWatch watch, int generation, WatchNotice notice, long nowMicroseconds)
    {
        if (generation != _generation)
        {
            return;
        }

        mirror.Notice(notice, nowMicroseconds);
        if (notice is not WatchEnded)
        {
            TakeNotice(watch, generation);
        }
    }
}

/// <summary>Calls whose answers come back as messages.</summary>
internal static class EngineCalls
{
    public static void Ask(this IEngine engine, EngineRequest request, IActorRef self, Action<EngineAnswer, long> handle) =>
        _ = engine.CallAsync(request).PipeTo(
            self,
            success: answer => new Arrived(now => handle(answer, now)),
            failure: cause => new Arrived(now => handle(new EngineFailure(Unexpected(cause), request.IsWrite), now)));

    public static EngineError Unexpected(Exception cause) => new(EngineErrorKind.Other, cause.Message);
}
