using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

// What a pool says of itself.
internal sealed partial class TunnelPoolActor
{
    private TunnelTotals Totals => _tally.Totals(_tunnels.Values.Select(tunnel => tunnel.Link));

    private ComponentStatus Status(string state) => StatusOf(state, Totals);

    private ComponentStatus StatusOf(string state, TunnelTotals totals) => new()
    {
        Tunnels =
        [
            .. _tunnels.Values.Select(tunnel => TunnelStatuses.Of(tunnel.Link, tunnel.Server.Scheme, $"{tunnel.Server.Destination}")),
            .. AllServers.SelectMany(server => Enumerable.Repeat(server.Addresses[0], Math.Max(0, _settings.Connections - TunnelsTo(server))))
                .Select(address => TunnelStatuses.Down(address, state == "draining" ? "closed" : "connecting")),
        ],
        TunnelTotals = totals,
        Streams = new StreamCount(_tunnels.Values.Sum(tunnel => tunnel.Link.ActiveStreams), totals.Counters.Streams),
    };

    private int TunnelsTo(TunnelServer server) =>
        _tunnels.Values.Count(tunnel => tunnel.Link.State == TunnelState.Ready && server.Addresses.Contains(tunnel.Server));
}
