using Proxy.Policy.Chains;
using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>Several chains to the same places, of which connections take the best.</summary>
public sealed record ChainSetSettings
{
    public required string Name { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<ChainSettings> Chains { get; init; }

    /// <summary>How they are compared; one alone is not measured.</summary>
    public ChainChoiceSettings Choice { get; init; } = ChainChoiceSettings.Default;
}

/// <summary>One chain: a tunnel to its first hop and the hops behind it, or hops alone.</summary>
public sealed record ChainSettings
{
    /// <summary>For log and status.</summary>
    public required string Name { get; init; }

    /// <summary>One of <see cref="NodeSettings.Tunnels"/>; null: the first of <see cref="Hops"/> is reached without one.</summary>
    public string? Tunnel { get; init; }

    /// <summary>In order; at least one without a tunnel, and at most <see cref="Protocol.ProtocolLimits.ChainHops"/> with the tunnel's server.</summary>
    public IReadOnlyList<ChainHop> Hops { get; init; } = [];

    /// <summary>How much better than another of weight 1 it is held to be.</summary>
    public int Weight { get; init; } = 1;
}
