using System.Text.Json;
using System.Text.Json.Serialization;
using Proxy.Actors;
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
    ReloadStatus Reload);

internal sealed record NodeIdentity(string Name, string State, string Version, IReadOnlyList<string> Roles, long UptimeS);

/// <summary>A member of the cluster; there is none where there is no cluster.</summary>
internal sealed record MemberStatus(string Name, string Address, string Status, double Load);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(NodeStatus))]
internal sealed partial class StatusJson : JsonSerializerContext;
