using Proxy.Policy;
using Proxy.Policy.Limits;

namespace Proxy.Actors;

/// <summary>What one principal of a server may do, where that is not what everybody may.</summary>
public sealed record PrincipalSettings
{
    /// <summary>What everybody may.</summary>
    public static readonly PrincipalSettings Default = new();

    /// <summary>Where its streams may go; null: where everybody's may.</summary>
    public DestinationRules? Destinations { get; init; }

    /// <summary>What it may use, over all its tunnels; more is answered busy.</summary>
    public QuotaSettings Quota { get; init; } = QuotaSettings.Unlimited;

    /// <summary>Its streams at once over all servers of the cluster, divided by use. Null: any number.</summary>
    public int? ClusterStreams { get; init; }

    /// <summary>Its new streams a second over all servers of the cluster, divided by use. Null: any number.</summary>
    public int? ClusterStreamsPerSecond { get; init; }

    public bool SharesLimits => ClusterStreams is not null || ClusterStreamsPerSecond is not null;
}
