namespace Proxy.Actors;

/// <summary>
/// What one node does: any mix of frontends, of what stands behind them, and of tunnel servers. Immutable, checked before it gets here: names are
/// unique in their lists, and what a frontend names is there.
/// </summary>
public sealed record NodeSettings
{
    public required string Name { get; init; }

    /// <summary>Connections at once over all frontends; more wait or are refused. Null: any number.</summary>
    public int? MaximumConnections { get; init; }

    /// <summary>How long the connections of what is removed or stopped may go on; null: as long as they like.</summary>
    public TimeSpan? Drain { get; init; }

    /// <summary>Listeners that take users' traffic.</summary>
    public IReadOnlyList<FrontendSettings> Frontends { get; init; } = [];

    /// <summary>Real servers that frontends relay to.</summary>
    public IReadOnlyList<UpstreamSettings> Upstreams { get; init; } = [];

    /// <summary>Tunnels to proxy servers, for frontends that go through them.</summary>
    public IReadOnlyList<TunnelPoolSettings> Tunnels { get; init; } = [];

    /// <summary>Chains, for frontends that go through them.</summary>
    public IReadOnlyList<ChainSetSettings> ChainSets { get; init; } = [];

    /// <summary>Endpoints that take tunnels.</summary>
    public IReadOnlyList<ServerSettings> Servers { get; init; } = [];

    /// <summary>Lines about each connection of a frontend; null: none are written.</summary>
    public AccessLogSettings? AccessLog { get; init; }
}
