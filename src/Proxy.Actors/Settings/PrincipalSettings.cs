using Proxy.Policy;

namespace Proxy.Actors;

/// <summary>What one principal of a server may do, where that is not what everybody may.</summary>
public sealed record PrincipalSettings
{
    /// <summary>Where its streams may go; null: where everybody's may.</summary>
    public DestinationRules? Destinations { get; init; }

    /// <summary>Streams at once, over all its tunnels; more are answered busy.</summary>
    public int MaximumStreams { get; init; } = int.MaxValue;
}
