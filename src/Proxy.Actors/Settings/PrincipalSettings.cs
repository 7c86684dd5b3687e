using Proxy.Policy;
using Proxy.Policy.Limits;

namespace Proxy.Actors;

/// <summary>What one principal of a server may do, where that is not what everybody may.</summary>
public sealed record PrincipalSettings
{
    /// <summary>Where its streams may go; null: where everybody's may.</summary>
    public DestinationRules? Destinations { get; init; }

    /// <summary>What it may use, over all its tunnels; more is answered busy.</summary>
    public QuotaSettings Quota { get; init; } = QuotaSettings.Unlimited;
}
