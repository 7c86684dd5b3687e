using Proxy.Protocol.Chains;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// How a server goes on where it does not dial: to next hops that its node has tunnels to, by their addresses as headers name them, and to destinations
/// through a set of chains of its own. One thread changes it, any reads.
/// </summary>
internal sealed class OnwardWays
{
    private volatile Dictionary<Destination, IReadOnlyList<PoolPart>> _legs = [];
    private volatile ChainSetPart? _chains;

    /// <summary>What destinations are reached through; null: they are dialled.</summary>
    public ChainSetPart? Chains => _chains;

    /// <summary>Null: that hop is dialled.</summary>
    public PoolPart? Find(Destination hop, IIoLoop loop) => _legs.TryGetValue(hop, out var parts) ? PoolPart.On(loop, parts) : null;

    /// <param name="tunnels">Each with its parts, of which every loop has one.</param>
    public void Change(IEnumerable<(TunnelPoolSettings Settings, IReadOnlyList<PoolPart> Parts)> tunnels, ChainSetPart? chains)
    {
        var legs = new Dictionary<Destination, IReadOnlyList<PoolPart>>();
        foreach (var (settings, parts) in tunnels)
        {
            foreach (var address in settings.Servers.SelectMany(server => server.Addresses))
            {
                legs.TryAdd(address.Destination, parts);
            }
        }

        (_legs, _chains) = (legs, chains);
    }
}
