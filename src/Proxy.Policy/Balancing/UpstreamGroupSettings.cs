using Proxy.Policy.Health;

namespace Proxy.Policy.Balancing;

/// <summary>What a group does with its servers, whatever the policy; immutable.</summary>
public sealed record UpstreamGroupSettings
{
    public static UpstreamGroupSettings Default { get; } = new();

    /// <summary>How long the weight of a server that came up takes to grow from a hundredth to its full value; zero: no slow start.</summary>
    public TimeSpan SlowStart { get; init; }

    /// <summary>When failing servers are taken out of service; null: never.</summary>
    public EjectionSettings? Ejection { get; init; }
}
