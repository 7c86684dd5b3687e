using Proxy.Cluster.Bans;
using Proxy.Cluster.Members;

namespace Proxy.Cluster;

/// <summary>How a node takes part in a cluster.</summary>
public sealed record ClusterSettings
{
    /// <summary>The cluster's name; several can share one engine.</summary>
    public string Cluster { get; init; } = "default";

    /// <summary>What this node registers as; null: it watches and is no member.</summary>
    public MemberRecord? Self { get; init; }

    /// <summary>Where bans of the whole cluster are put; null: nobody asks for them here.</summary>
    public BanBoard? Bans { get; init; }

    /// <summary>How long the engine waits before a member that is not heard of is gone; at least 2.</summary>
    public int LeaseSeconds { get; init; } = 5;
}
