using Proxy.Protocol.Chains;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Which next hops a server reaches through its node's own tunnels, by their addresses as headers name them: a stream of such a tunnel takes the place of a
/// connection. One thread changes it, any reads.
/// </summary>
internal sealed class HopTunnels
{
    private volatile Dictionary<Destination, IReadOnlyList<PoolPart>> _legs = [];

    /// <summary>Null: that hop is dialled.</summary>
    public PoolPart? Find(Destination hop, IIoLoop loop) => _legs.TryGetValue(hop, out var parts) ? PoolPart.On(loop, parts) : null;

    /// <param name="tunnels">Each with its parts, of which every loop has one.</param>
    public void Change(IEnumerable<(TunnelPoolSettings Settings, IReadOnlyList<PoolPart> Parts)> tunnels)
    {
        var legs = new Dictionary<Destination, IReadOnlyList<PoolPart>>();
        foreach (var (settings, parts) in tunnels)
        {
            foreach (var address in settings.Servers.SelectMany(server => server.Addresses))
            {
                legs.TryAdd(address.Destination, parts);
            }
        }

        _legs = legs;
    }
}
