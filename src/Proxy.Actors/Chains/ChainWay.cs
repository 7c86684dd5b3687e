using System.Globalization;
using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>A chain as connections take it. Immutable.</summary>
/// <param name="Name">For log and status.</param>
/// <param name="Pool">Whose tunnels lead to its first hop; null: the first of <paramref name="Hops"/> is dialled.</param>
/// <param name="Hops">The tunnel's server is not among them.</param>
internal sealed record ChainWay(string Name, PoolPart? Pool, IReadOnlyList<ChainHop> Hops)
{
    /// <summary>No tunnel and no hop: the destination itself is dialled.</summary>
    public static ChainWay Direct { get; } = new("direct", null, []);

    public bool IsDirect => Pool is null && Hops.Count == 0;

    /// <summary>Whether there is nothing but a tunnel.</summary>
    public bool IsTunnelAlone => Pool is not null && Hops.Count == 0;

    /// <summary>The first hop, counted from 1, whose headers would go in the open; null: there is none.</summary>
    public int? FirstWithoutKey
    {
        get
        {
            for (var index = 0; index < Hops.Count; index++)
            {
                if (Hops[index].Key is null)
                {
                    return index + (Pool is null ? 1 : 2);
                }
            }

            return null;
        }
    }

    /// <param name="link">The tunnel that was given; null without a pool.</param>
    /// <param name="destination">Null: to the last hop and back.</param>
    public ChainPath PathThrough(TunnelLink? link, Destination? destination) =>
        new(link is null ? Hops : [new ChainHop(Destination.Of(link.Peer.ToIPEndPoint()), null), .. Hops], destination);

    public static string TextOf(ChainSettings chain) =>
        string.Join(" > ", chain.Hops.Select(hop => hop.ToString()).Prepend(chain.Tunnel).OfType<string>());

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} of {Hops.Count} hops");
}
