using System.Text;

namespace Proxy.Node.Admin;

/// <summary>What this node sees of its cluster, in Prometheus' format. Labels are bounded by members and limits.</summary>
internal static class ClusterMetrics
{
    private static readonly string[] States = ["joining", "up", "draining", "leaving"];

    public static void Write(StringBuilder text, NodeStatus status)
    {
        if (status.Cluster is not { } cluster)
        {
            return;
        }

        PrometheusText.Family(text, "tcpproxy_cluster_engine_stale", "gauge", "Whether the engine is away, so that members are those that were known last.", ("", cluster.Stale ? 1 : 0));
        PrometheusText.Family(text, "tcpproxy_cluster_members", "gauge", "Members by state.",
            [.. States.Select(state => ($"state=\"{state}\"", (double)status.Members.Count(member => member.Status == state)))]);
        var members = status.Members.Select(member => (Label: $"member=\"{PrometheusText.Escape(member.Name)}\"", Value: member)).ToArray();
        PrometheusText.Family(text, "tcpproxy_cluster_member_streams", "gauge", "Streams and connections of a member, as it said last.",
            [.. members.Select(row => (row.Label, row.Value.Load))]);
        PrometheusText.Family(text, "tcpproxy_cluster_member_bytes_per_second", "gauge", "Bytes a second of a member, as it said last.",
            [.. members.Select(row => (row.Label, (double)row.Value.BytesPerSecond))]);
        var limits = cluster.Limits.Select(limit => (Label: $"limit=\"{PrometheusText.Escape(limit.Name)}\"", Value: limit)).ToArray();
        if (limits.Length > 0)
        {
            PrometheusText.Family(text, "tcpproxy_cluster_limit", "gauge", "A limit of all nodes together.", [.. limits.Select(row => (row.Label, (double)row.Value.Limit))]);
            PrometheusText.Family(text, "tcpproxy_cluster_limit_share", "gauge", "This node's share of it.", [.. limits.Select(row => (row.Label, (double)row.Value.Share))]);
            PrometheusText.Family(text, "tcpproxy_cluster_limit_active", "gauge", "What this node has of it.", [.. limits.Select(row => (row.Label, (double)row.Value.Active))]);
            PrometheusText.Family(text, "tcpproxy_cluster_limit_refused_total", "counter", "What this node turned away by it.",
                [.. limits.Select(row => (row.Label, (double)row.Value.Refused))]);
        }
    }
}
