using Proxy.Policy.Limits;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>Why a connection was turned away, as values: the words are made when somebody logs them.</summary>
/// <param name="Gate">The settings that said so.</param>
/// <param name="RuleName">The rule that denied it, or why it is banned; null: none allowed it, or it was no rule.</param>
internal readonly record struct Refusal(RefusalReason Reason, GateSettings Gate, string? RuleName = null)
{
    /// <summary>What it is to a connection that has begun: the client's fault or our limit.</summary>
    public EndReason EndReason => Reason switch
    {
        RefusalReason.Denied or RefusalReason.Banned => EndReason.NotAllowed,
        RefusalReason.Draining => EndReason.Draining,
        _ => EndReason.Busy,
    };

    public override string ToString() => Reason switch
    {
        RefusalReason.Denied => RuleName is null ? "no rule allows it" : $"denied by rule {RuleName}",
        RefusalReason.Banned => $"its address is banned: {RuleName}",
        RefusalReason.TotalConnections => "the node has as many connections as it may",
        RefusalReason.ListenerConnections => $"{Gate.Limits.MaximumConnections} connections are open",
        RefusalReason.ClusterConnections => "this node's share of the cluster's connections is taken",
        RefusalReason.ClusterRate => "this node's share of the cluster's accepts is used up for now",
        RefusalReason.ClusterSource => "its address has this node's share of its connections in the cluster",
        RefusalReason.SourceConnections => $"its address has {Gate.Limits.MaximumConnectionsPerSource} connections",
        RefusalReason.PrefixConnections => $"its network has {Gate.Limits.MaximumConnectionsPerPrefix} connections",
        RefusalReason.AcceptRate => $"more than {Gate.Limits.AcceptsPerSecond} came in a second",
        RefusalReason.QueueFull => $"{Gate.Limits.MaximumQueued} connections wait",
        RefusalReason.QueueDeadline => $"no place came free within {Gate.Limits.QueueDeadlineMicroseconds / 1e6:0.###} s",
        RefusalReason.Draining => "the frontend is draining",
        _ => Reason.Name(),
    };
}
