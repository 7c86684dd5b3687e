using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;

namespace Proxy.Cluster.Tests.Simulated;

/// <summary>A node's copy of some keys, with its watch; looked after at each moment that its node has.</summary>
internal sealed class PolledMirror(KeyMirror mirror, SimulatedEngine engine)
{
    private static readonly WatchEnded Broken = new(new EngineError(EngineErrorKind.Unreachable, "the connection broke"));
    private WatchRequest? _watch;
    private int _generation;
    private long _next;

    public KeyMirror Mirror => mirror;

    public void Turn(long now, bool isCut)
    {
        while (mirror.Take(now) is { } wish)
        {
            if (wish is MirrorWish.Ask ask)
            {
                var (answer, at) = engine.Call(ask.Request, now, isCut);
                mirror.Answer(answer, at);
            }
            else
            {
                Open(((MirrorWish.Open)wish).Request, now, isCut);
            }
        }

        if (_watch is null)
        {
            return;
        }

        if (isCut || _generation != engine.Generation)
        {
            End(Broken, now);
            return;
        }

        while (_watch is not null && engine.Store.Notice(_watch, ref _next) is { } notice)
        {
            if (notice is WatchEnded ended)
            {
                End(ended, now);
            }
            else
            {
                mirror.Notice(notice, now);
            }
        }
    }

    private void Open(WatchRequest request, long now, bool isCut)
    {
        if (isCut)
        {
            End(Broken, now);
            return;
        }

        (_watch, _generation, _next) = (request, engine.Generation, request.StartRevision);
        mirror.Notice(new WatchCreated(engine.Store.Header), now);
    }

    private void End(WatchEnded ended, long now)
    {
        _watch = null;
        mirror.Notice(ended, now);
    }
}
