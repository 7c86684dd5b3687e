namespace Proxy.Policy.Limits;

/// <summary>Why a connection was not admitted.</summary>
public enum RefusalReason
{
    /// <summary>A rule denies the client, or none allows it.</summary>
    Denied,

    /// <summary>Its source is banned, here or at all nodes of the cluster.</summary>
    Banned,

    /// <summary>The node has as many connections as it may have.</summary>
    TotalConnections,

    /// <summary>The listener has as many as it may have.</summary>
    ListenerConnections,

    /// <summary>All nodes of the cluster together have as many on the frontend as they may, or this node's share of them is taken.</summary>
    ClusterConnections,

    /// <summary>More came in a second than all nodes of the cluster together may accept on the frontend, or than this node's share of that.</summary>
    ClusterRate,

    /// <summary>The client's address has as many as it may have on the frontend at all nodes of the cluster together, or this node's share of that.</summary>
    ClusterSource,

    /// <summary>The client's address has as many as it may have on this listener.</summary>
    SourceConnections,

    /// <summary>The network around the client's address has as many as it may have on this listener.</summary>
    PrefixConnections,

    /// <summary>More came in a short time than the listener may accept.</summary>
    AcceptRate,

    /// <summary>It would have had to wait, and as many wait as may.</summary>
    QueueFull,

    /// <summary>It waited as long as a connection may.</summary>
    QueueDeadline,

    /// <summary>It came, or waited, as the listener began to drain.</summary>
    Draining,
}

/// <summary>Wording of a <see cref="RefusalReason"/>.</summary>
public static class RefusalReasons
{
    public static readonly IReadOnlyList<RefusalReason> All = Enum.GetValues<RefusalReason>();

    /// <summary>The name in status, metrics and log; scripts and alerts rely on it.</summary>
    public static string Name(this RefusalReason reason) => reason switch
    {
        RefusalReason.Denied => "denied",
        RefusalReason.Banned => "banned",
        RefusalReason.TotalConnections => "node_connections",
        RefusalReason.ListenerConnections => "frontend_connections",
        RefusalReason.ClusterConnections => "cluster_connections",
        RefusalReason.ClusterRate => "cluster_rate",
        RefusalReason.ClusterSource => "cluster_source",
        RefusalReason.SourceConnections => "source_connections",
        RefusalReason.PrefixConnections => "prefix_connections",
        RefusalReason.AcceptRate => "accept_rate",
        RefusalReason.QueueFull => "queue_full",
        RefusalReason.QueueDeadline => "queue_deadline",
        RefusalReason.Draining => "draining",
        _ => "unknown",
    };
}
