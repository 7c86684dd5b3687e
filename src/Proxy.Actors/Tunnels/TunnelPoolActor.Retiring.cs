using Proxy.Kernel;

namespace Proxy.Actors;

// The end of a pool whose node goes on: another one takes its place, or none does.
internal sealed partial class TunnelPoolActor
{
    private PoolPart? _successor;
    private int _idleLooks;

    private void BeginRetiring(PoolPart? successor)
    {
        _successor = successor;
        if (successor is null)
        {
            Context.Timers.StartPeriodicTimer(Timer.LookForTheLast, Timer.LookForTheLast, LookForTheLastEvery);
        }
        else
        {
            BeginDraining();
        }
    }

    // Whoever was granted a tunnel a moment ago has a stream by the second look.
    private void DrainAfterTheLast()
    {
        var isUsed = _queue.Count > 0 || _tunnels.Values.Any(tunnel => tunnel.Link.ActiveStreams > 0);
        _idleLooks = isUsed ? 0 : _idleLooks + 1;
        if (_idleLooks > 1)
        {
            Context.Timers.Cancel(Timer.LookForTheLast);
            BeginDraining();
        }
    }

    private void TurnAway(Waiting waiting)
    {
        if (_successor is { } successor)
        {
            successor.Actor.Tell(new Acquire(waiting.Source), waiting.Asker);
        }
        else
        {
            waiting.Asker.Tell(Refused.IsDraining);
        }
    }

    // Nobody waits for it to stop.
    private static readonly TimeSpan LookForTheLastEvery = TimeSpan.FromSeconds(1);
}
