using Proxy.Kernel;

namespace Proxy.Actors;

// A server that has died without a word is suspect only after a while. A new connection does not wait as long where there are other servers.
internal sealed partial class TunnelConnectionActor
{
    private long _heardBefore;                    // of the tunnel, when its answer was last awaited

    private void DoubtLater()
    {
        _heardBefore = _link!.HeardCount;
        var patience = Math.Max(LeastDoubtMilliseconds, RoundTripsOfDoubt * _link.RoundTripMilliseconds);
        Context.Timers.StartSingleTimer(Timer.Doubt, Timer.Doubt, TimeSpan.FromMilliseconds(patience));
    }

    /// <summary>The stream was not accepted for some round trips. A server that is heard is only slow, and asking another one as well would do things twice.</summary>
    private void LookElsewhere()
    {
        if (_leg.IsAccepted)
        {
            return;
        }

        if (_link!.HeardCount != _heardBefore)
        {
            DoubtLater();
            return;
        }

        _way.PoolOn(_loop).Actor.Tell(new TunnelPoolActor.AcquireOther(_link, IsSilent: true));
    }

    /// <summary>There is no other tunnel yet; one to another server is on its way by now.</summary>
    private void DoubtAgain()
    {
        if (!_leg.IsAccepted)
        {
            Context.Timers.StartSingleTimer(Timer.Doubt, Timer.Doubt, DoubtAgainAfter);
        }
    }

    private void TryElsewhere(TunnelPoolActor.Granted other)
    {
        if (!_leg.IsAccepted && other.Link != _link && other.Link.CanOpen && _link!.HeardCount == _heardBefore && _leg.TryTakeBack())
        {
            _frontend.Log.Debug($"{_record.Peer}: the server is silent, the stream is opened at another one");
            HandleGranted(other);
        }
    }

    private static readonly TimeSpan DoubtAgainAfter = TimeSpan.FromMilliseconds(100);
    private const int LeastDoubtMilliseconds = 400;
    private const int RoundTripsOfDoubt = 4;
}
