using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>All tunnels since the start, those that ended included: counters never go back while the process lives.</summary>
/// <param name="OpenedByUs">Tunnels that came up and that we had asked for.</param>
/// <param name="OpenedByPeer">Tunnels that came up and that a client had asked for.</param>
/// <param name="Established">Tunnels that are up now.</param>
/// <param name="MostEstablished">The most that were up at once, of each listener, added up.</param>
/// <param name="Counters">What they have counted.</param>
public sealed record TunnelTotals(long OpenedByUs, long OpenedByPeer, int Established, int MostEstablished, TunnelCounters Counters)
{
    public static readonly TunnelTotals None = new(0, 0, 0, 0, TunnelCounters.None);

    public TunnelTotals Plus(TunnelTotals other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new TunnelTotals(
            OpenedByUs + other.OpenedByUs,
            OpenedByPeer + other.OpenedByPeer,
            Established + other.Established,
            MostEstablished + other.MostEstablished,
            Counters.Plus(other.Counters));
    }
}
