using Proxy.Protocol.Tunnels;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>Adds up what the tunnels of one component have counted, those that ended included. For the loop's thread only.</summary>
/// <param name="role">Who opens them: a client itself, a server's peers.</param>
internal sealed class TunnelTally(TunnelRole role)
{
    private TunnelCounters _ended = TunnelCounters.None;
    private long _opened;
    private int _most;

    /// <summary>One more is up.</summary>
    /// <param name="living">With it.</param>
    public void HandleOpened(int living)
    {
        _opened++;
        _most = Math.Max(_most, living);
    }

    /// <summary>It counts no more.</summary>
    public void HandleEnded(TunnelLink link) => _ended = _ended.Plus(link.Counters);

    public TunnelTotals Totals(IEnumerable<TunnelLink> living)
    {
        var (counters, established) = (_ended, 0);
        foreach (var link in living)
        {
            counters = counters.Plus(link.Counters);
            established += link.State is TunnelState.Ready or TunnelState.Draining ? 1 : 0;
        }

        return new TunnelTotals(
            role == TunnelRole.Client ? _opened : 0, role == TunnelRole.Server ? _opened : 0, established, _most, counters);
    }
}
