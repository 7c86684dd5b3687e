using System.Text.Json;
using System.Text.Json.Serialization;
using Proxy.Actors;
using Proxy.Node.Names;
using Proxy.Node.Reloading;

namespace Proxy.Node.Admin;

/// <summary>What the admin address says of a node; scripts rely on the names.</summary>
internal sealed record NodeStatus(
    NodeIdentity Node,
    IReadOnlyList<TunnelStatus> Tunnels,
    TunnelTotals TunnelTotals,
    StreamCount Streams,
    StreamCount Connections,
    IReadOnlyList<FrontendStatus> Frontends,
    IReadOnlyList<UpstreamStatus> Upstreams,
    IReadOnlyList<FilterStatus> Filters,
    IReadOnlyList<MemberStatus> Members,
    IReadOnlyList<ConnectionStatus> Live,
    IReadOnlyList<TlsStatus> Tls,
    IReadOnlyList<TunnelListenerStatus> TunnelListeners,
    IReadOnlyList<ChainSetStatus> Chains,
    IReadOnlyList<DrainStatus> Drains,
    ReloadStatus Reload)
{
    /// <summary>What holders of keys have used.</summary>
    public IReadOnlyList<PrincipalStatus> Principals { get; init; } = [];

    /// <summary>What is known of names.</summary>
    public NameStatus? Dns { get; init; }

    /// <summary>Null: the node is on its own.</summary>
    public ClusterStatus? Cluster { get; init; }
}

internal sealed record NodeIdentity(string Name, string State, string Version, IReadOnlyList<string> Roles, long UptimeS);

/// <summary>The cluster as this node sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Engine">Where the next request goes.</param>
/// <param name="Stale">Whether the engine is away, so that this is the last that was known.</param>
/// <param name="Revision">The engine's, up to which it is complete.</param>
internal sealed record ClusterStatus(string Name, string Engine, bool Stale, long Revision)
{
    /// <summary>What this node shares with the others.</summary>
    public IReadOnlyList<SharedLimitStatus> Limits { get; init; } = [];

    [JsonIgnore]
    public IReadOnlyList<MemberStatus> Members { get; init; } = [];
}

/// <summary>A limit that holds across the cluster.</summary>
/// <param name="Name">Such as <c>frontend:web</c>.</param>
/// <param name="Limit">Of all nodes together.</param>
/// <param name="Share">This node's part now.</param>
/// <param name="Active">What it has of that.</param>
/// <param name="Refused">How many it has turned away.</param>
internal sealed record SharedLimitStatus(string Name, long Limit, long Share, long Active, long Refused)
{
    /// <summary>Of all nodes; null: nobody asked the engine (<c>/status?cluster=true</c>), or it is away.</summary>
    public IReadOnlyList<NodeShare>? Shares { get; init; }
}

/// <summary>What one node may use of a limit.</summary>
internal sealed record NodeShare(string Node, long Share);

/// <summary>A source that is among the busiest at a member.</summary>
internal sealed record TalkerStatus(string Name, long Streams, long BytesPerSecond);

/// <summary>
/// A member of the cluster; there is none where there is no cluster. Status: joining, up, draining, leaving. Load: streams and connections it had when it
/// said so last.
/// </summary>
internal sealed record MemberStatus(string Name, string Address, string Status, double Load)
{
    public string Zone { get; init; } = "";

    public string Version { get; init; } = "";

    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Streams it takes at most; 0: not said.</summary>
    public long Capacity { get; init; }

    public long BytesPerSecond { get; init; }

    public long CpuPermille { get; init; }

    public long Descriptors { get; init; }

    /// <summary>Of clients, at a server.</summary>
    public long Tunnels { get; init; }

    public IReadOnlyList<TalkerStatus> Talkers { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(NodeStatus))]
internal sealed partial class StatusJson : JsonSerializerContext;
