namespace Proxy.Policy.Balancing;

/// <summary>What a new list of servers meant for a group. Kept servers keep counters, states and connections.</summary>
public sealed record ServerChanges(
    IReadOnlyList<UpstreamServer> Added, IReadOnlyList<UpstreamServer> Kept, IReadOnlyList<UpstreamServer> Removed);
