using System.Globalization;
using System.Text;
using Proxy.Actors;

namespace Proxy.Node.Admin;

/// <summary>
/// A node's status in Prometheus' text format 0.0.4. Labels are bounded: frontends, servers and tunnel states, never an address of a client. Counters
/// include living connections, so that they move while those live.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(NodeStatus status, ProcessFigures process)
    {
        var text = new StringBuilder();
        Family(text, "tcpproxy_build_info", "gauge", "The version that runs, as a label.", ($"version=\"{Escape(status.Node.Version)}\"", 1));
        Family(text, "tcpproxy_up", "gauge", "Whether the node takes new connections.", ("", status.Node.State == "up" ? 1 : 0));
        Family(text, "tcpproxy_connections_active", "gauge", "Connections now.", ("", status.Connections.Active));
        Family(text, "tcpproxy_connections_total", "counter", "Connections since the start.", ("", status.Connections.Total));
        Family(text, "tcpproxy_streams_active", "gauge", "Streams inside tunnels now.", ("", status.Streams.Active));
        Family(text, "tcpproxy_streams_total", "counter", "Streams inside tunnels since the start.", ("", status.Streams.Total));
        Frontends(text, status);
        Filters(text, status);
        Tls(text, status);
        Upstreams(text, status);
        Principals(text, status);
        Names(text, status);
        ClusterMetrics.Write(text, status);
        TunnelMetrics.Write(text, status);
        Family(text, "process_cpu_seconds_total", "counter", "User and system time.", ("", process.CpuSeconds));
        Family(text, "process_resident_memory_bytes", "gauge", "Memory in RAM.", ("", process.ResidentBytes));
        Family(text, "process_open_fds", "gauge", "Open descriptors.", ("", process.OpenDescriptors));
        Family(text, "process_start_time_seconds", "gauge", "Start, seconds since 1970.", ("", process.StartSeconds));
        return text.ToString();
    }

    private static void Frontends(StringBuilder text, NodeStatus status)
    {
        var frontends = status.Frontends.Select(frontend => (Label: $"frontend=\"{Escape(frontend.Name)}\"", Value: frontend)).ToArray();
        Family(text, "tcpproxy_frontend_connections_active", "gauge", "Connections of a frontend now.",
            [.. frontends.Select(row => (row.Label, (double)row.Value.Connections.Active))]);
        Family(text, "tcpproxy_frontend_connections_total", "counter", "Connections of a frontend since the start.",
            [.. frontends.Select(row => (row.Label, (double)row.Value.Connections.Total))]);
        Family(text, "tcpproxy_frontend_waiting", "gauge", "Accepted connections that wait for a place, unread.",
            [.. frontends.Select(row => (row.Label, (double)row.Value.Waiting))]);
        Family(text, "tcpproxy_frontend_refused_total", "counter", "Connections refused, by reason.",
            [.. frontends.SelectMany(row => row.Value.Refusals.Select(refusal => ($"{row.Label},reason=\"{refusal.Reason}\"", (double)refusal.Count)))]);
        Family(text, "tcpproxy_frontend_bytes_total", "counter", "Payload bytes, by who sent them.",
            [.. frontends.SelectMany(row => new[]
            {
                (row.Label + ",from=\"client\"", (double)row.Value.BytesFromClients),
                (row.Label + ",from=\"upstream\"", (double)row.Value.BytesToClients),
            })]);
    }

    private static void Names(StringBuilder text, NodeStatus status)
    {
        if (status.Dns is { } names)
        {
            Family(text, "tcpproxy_dns_names", "gauge", "Names that answers are kept of.", ("", names.Names));
            Family(text, "tcpproxy_dns_questions_total", "counter", "Names that were asked for: answered from what was kept, or by somebody who was asked.",
                ("from=\"cache\"", names.Hits), ("from=\"servers\"", names.Misses));
            Family(text, "tcpproxy_dns_failures_total", "counter", "Times that nobody answered: an old answer stood in, or none.",
                ("stale=\"yes\"", names.Stale), ("stale=\"no\"", names.Failures));
        }
    }

    private static void Principals(StringBuilder text, NodeStatus status)
    {
        if (status.Principals.Count > 0)
        {
            var rows = status.Principals.Select(principal => (Label: $"principal=\"{Escape(principal.Name)}\"", Value: principal)).ToArray();
            Family(text, "tcpproxy_principal_streams_active", "gauge", "Streams of the holder of a key.", [.. rows.Select(row => (row.Label, (double)row.Value.Streams))]);
            Family(text, "tcpproxy_principal_period_bytes", "gauge", "Bytes of its streams that ended in the present period of its quota.",
                [.. rows.Select(row => (row.Label, (double)row.Value.PeriodBytes))]);
            Family(text, "tcpproxy_principal_refused_total", "counter", "Streams that its quota did not admit.", [.. rows.Select(row => (row.Label, (double)row.Value.Refused))]);
        }
    }

    private static void Filters(StringBuilder text, NodeStatus status)
    {
        if (status.Filters.Count > 0)
        {
            Family(text, "tcpproxy_filter_counts_total", "counter", "What a frontend's filters have counted: for match, how often each pattern was found.",
                [.. from filter in status.Filters
                    let labels = $"frontend=\"{Escape(filter.Frontend)}\",position=\"{filter.Position}\",filter=\"{Escape(filter.Filter)}\""
                    from count in filter.Counts
                    select ($"{labels},name=\"{Escape(count.Name)}\"", (double)count.Count)]);
        }
    }

    private static void Tls(StringBuilder text, NodeStatus status) => Family(
        text,
        "tcpproxy_frontend_tls_handshakes_total",
        "counter",
        "TLS handshakes of a frontend, by the peer and by how they ended.",
        [.. status.Tls.SelectMany(row => new[]
        {
            ($"frontend=\"{Escape(row.Frontend)}\",peer=\"client\",result=\"done\"", (double)row.ClientDone),
            ($"frontend=\"{Escape(row.Frontend)}\",peer=\"client\",result=\"failed\"", (double)row.ClientFailed),
            ($"frontend=\"{Escape(row.Frontend)}\",peer=\"upstream\",result=\"done\"", (double)row.UpstreamDone),
            ($"frontend=\"{Escape(row.Frontend)}\",peer=\"upstream\",result=\"failed\"", (double)row.UpstreamFailed),
        })]);

    private static void Upstreams(StringBuilder text, NodeStatus status)
    {
        var servers = status.Upstreams
            .SelectMany(upstream => upstream.Servers.Select(server => (
                Label: $"upstream=\"{Escape(upstream.Name)}\",server=\"{Escape(server.Name)}\"", Value: server)))
            .ToArray();
        var upstreams = status.Upstreams.Select(upstream => (Label: $"upstream=\"{Escape(upstream.Name)}\"", Value: upstream)).ToArray();
        Family(text, "tcpproxy_upstream_waiting", "gauge", "Connections that wait because all servers are full.",
            [.. upstreams.Select(row => (row.Label, (double)row.Value.Waiting))]);
        Family(text, "tcpproxy_upstream_queued_total", "counter", "Connections that had to wait because all servers were full.",
            [.. upstreams.Select(row => (row.Label, (double)row.Value.QueuedTotal))]);
        Family(text, "tcpproxy_upstream_queue_refused_total", "counter", "Connections that the queue did not take or gave up, by reason.",
            [.. upstreams.SelectMany(row => new[]
            {
                (row.Label + ",reason=\"full\"", (double)row.Value.QueueFullTotal),
                (row.Label + ",reason=\"timeout\"", (double)row.Value.QueueTimeoutsTotal),
            })]);
        Family(text, "tcpproxy_upstream_retries_total", "counter", "How often a connection went on to another server.",
            [.. upstreams.Select(row => (row.Label, (double)row.Value.RetriesTotal))]);
        Family(text, "tcpproxy_upstream_server_up", "gauge", "Whether a server takes new connections.",
            [.. servers.Select(row => (row.Label, row.Value.State is "up" or "slow-starting" ? 1.0 : 0.0))]);
        Family(text, "tcpproxy_upstream_server_state", "gauge", "Which state a server is in: 1 for that one, 0 for the others.",
            [.. servers.SelectMany(row => ServerStates.Select(state => ($"{row.Label},state=\"{state}\"", row.Value.State == state ? 1.0 : 0.0)))]);
        Family(text, "tcpproxy_upstream_server_since_change_seconds", "gauge", "How long nothing has happened to a server: ups, downs, ejections.",
            [.. servers.Select(row => (row.Label, (double)row.Value.SinceS))]);
        Family(text, "tcpproxy_upstream_server_checks_total", "counter", "Checks of a server, by result.",
            [.. servers.SelectMany(row => new[]
            {
                (row.Label + ",result=\"passed\"", (double)row.Value.Checks.Passed),
                (row.Label + ",result=\"failed\"", (double)row.Value.Checks.Failed),
            })]);
        Family(text, "tcpproxy_upstream_server_connections_active", "gauge", "Connections of a server now.",
            [.. servers.Select(row => (row.Label, (double)row.Value.Connections.Active))]);
        Family(text, "tcpproxy_upstream_server_connections_total", "counter", "Connections given to a server since the start, failed ones too.",
            [.. servers.Select(row => (row.Label, (double)row.Value.Connections.Total))]);
        Family(text, "tcpproxy_upstream_server_failures_total", "counter", "Connections that a server failed.",
            [.. servers.Select(row => (row.Label, (double)row.Value.Failures))]);
        Family(text, "tcpproxy_upstream_server_ejections_total", "counter", "How often a server was taken out of service because its connections failed.",
            [.. servers.Select(row => (row.Label, (double)row.Value.Ejections))]);
    }

    /// <summary>Metrics of one name.</summary>
    internal static void Family(StringBuilder text, string name, string type, string help, params ReadOnlySpan<(string Labels, double Value)> samples)
    {
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var (labels, value) in samples)
        {
            text.Append(name);
            if (labels.Length > 0)
            {
                text.Append('{').Append(labels).Append('}');
            }

            text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static readonly string[] ServerStates = ["up", "slow-starting", "draining", "ejected", "down"];

    internal static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
