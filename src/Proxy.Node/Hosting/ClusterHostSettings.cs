using System.Security.Cryptography.X509Certificates;
using Proxy.Cluster.Members;

namespace Proxy.Node.Hosting;

/// <summary>How the node takes part in a cluster.</summary>
internal sealed record ClusterHostSettings
{
    /// <summary>The cluster's name; several can share one engine.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Where the engine is: the seed, or etcd's nodes; at least one.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>How long the others wait for a member that is not heard of.</summary>
    public int LeaseSeconds { get; init; } = 5;

    /// <summary>Empty: none is asked for.</summary>
    public string UserName { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>Who may have signed the engine's certificates; null: whom the system trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Where others reach this node; empty: where it listens, as far as that can be said to others.</summary>
    public IReadOnlyList<MemberAddress> Advertised { get; init; } = [];

    /// <summary>Streams and connections it takes at most, which is its weight too; 0: not said.</summary>
    public long Capacity { get; init; }

    /// <summary>Where the node is, in words of the operator; empty: that is not said.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Who the node is, beyond its name.</summary>
    public string Identity { get; init; } = "";
}
