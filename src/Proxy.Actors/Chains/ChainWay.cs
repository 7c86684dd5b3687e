using System.Globalization;
using Proxy.Protocol.Chains;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>A chain as connections take it. Immutable.</summary>
/// <param name="Name">For log and status.</param>
/// <param name="Pools">Whose tunnels lead to its first hop, one on each loop where connections take it; empty: the first of <paramref name="Hops"/> is dialled.</param>
/// <param name="Hops">The tunnel's server is not among them.</param>
internal sealed record ChainWay(string Name, IReadOnlyList<PoolPart> Pools, IReadOnlyList<ChainHop> Hops)
{
    /// <summary>No tunnel and no hop: the destination itself is dialled.</summary>
    public static ChainWay Direct { get; } = new("direct", [], []);

    public bool HasTunnel => Pools.Count > 0;

    public bool IsDirect => !HasTunnel && Hops.Count == 0;

    /// <summary>Whether there is nothing but a tunnel.</summary>
    public bool IsTunnelAlone => HasTunnel && Hops.Count == 0;

    /// <summary>The first hop, counted from 1, whose headers would go in the open; null: there is none.</summary>
    public int? FirstWithoutKey
    {
        get
        {
            for (var index = 0; index < Hops.Count; index++)
            {
                if (Hops[index].Key is null)
                {
                    return index + (HasTunnel ? 2 : 1);
                }
            }

            return null;
        }
    }

    /// <summary>The tunnels that live on that loop; there are some wherever connections take a chain with tunnels.</summary>
    public PoolPart PoolOn(IIoLoop loop) => PoolPart.On(loop, Pools);

    /// <param name="link">The tunnel that was given; null without a pool.</param>
    /// <param name="destination">Null: to the last hop and back.</param>
    public ChainPath PathThrough(TunnelLink? link, Destination? destination) =>
        new(link is null ? Hops : [new ChainHop(Destination.Of(link.Peer.ToIPEndPoint()), null), .. Hops], destination);

    public static string TextOf(ChainSettings chain) =>
        string.Join(" > ", chain.Hops.Select(hop => hop.ToString()).Prepend(chain.Tunnel).OfType<string>());

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} of {Hops.Count} hops");
}
