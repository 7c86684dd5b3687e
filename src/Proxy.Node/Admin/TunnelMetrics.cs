using System.Text;
using Proxy.Actors;
using static Proxy.Node.Admin.PrometheusText;

namespace Proxy.Node.Admin;

/// <summary>
/// The tunnels of a node, for Prometheus. Counters are of all tunnels since the start and do not go back when one ends; gauges are of those that
/// are there.
/// </summary>
internal static class TunnelMetrics
{
    public static void Write(StringBuilder text, NodeStatus status)
    {
        Present(text, status);
        Opened(text, status.TunnelTotals);
        Datagrams(text, status.TunnelTotals);
        Packets(text, status.TunnelTotals);
        Segments(text, status.TunnelTotals);
        ErrorCorrection(text, status);
        Listeners(text, status);
    }

    private static void Present(StringBuilder text, NodeStatus status)
    {
        var native = status.Tunnels.Select(tunnel => tunnel.Native).OfType<NativeTunnelStatus>().ToArray();
        Family(text, "tcpproxy_tunnels", "gauge", "Tunnels, by state.",
            [.. States.Select(state => ($"state=\"{state}\"", (double)status.Tunnels.Count(tunnel => tunnel.State == state)))]);
        Family(text, "tcpproxy_tunnels_suspect", "gauge", "Sealed tunnels over datagrams whose peer is silent.", ("", native.Count(tunnel => tunnel.Suspect)));
        Family(text, "tcpproxy_tunnel_round_trip_seconds", "gauge", "The longest round trip of the present tunnels, smoothed; 0 when none is known.",
            ("", status.Tunnels.Select(tunnel => tunnel.RttMs / 1000.0).DefaultIfEmpty().Max()));
        Family(text, "tcpproxy_tunnel_bandwidth_bytes_per_second", "gauge", "What the paths of the present sealed tunnels are believed to carry, together.",
            ("", native.Sum(tunnel => tunnel.BandwidthBytesPerS)));
        Family(text, "tcpproxy_tunnel_congestion_window_bytes", "gauge", "Bytes that the present sealed tunnels may have under way, together.",
            ("", native.Sum(tunnel => tunnel.CongestionWindowBytes)));
        Family(text, "tcpproxy_tunnel_in_flight_bytes", "gauge", "Bytes that they have under way.", ("", native.Sum(tunnel => tunnel.BytesInFlight)));
        Family(text, "tcpproxy_tunnel_unsent_bytes", "gauge", "Bytes of streams that wait to be sent by them.", ("", native.Sum(tunnel => tunnel.UnsentBytes)));
        Family(text, "tcpproxy_tunnel_out_of_order_bytes", "gauge", "Received bytes that wait there for lost ones.", ("", native.Sum(tunnel => tunnel.OutOfOrderBytes)));
        Family(text, "tcpproxy_tunnel_bytes_waiting", "gauge", "Received bytes that wait for slow readers.",
            ("", status.Tunnels.Sum(tunnel => tunnel.BytesWaiting)));
    }

    private static void Opened(StringBuilder text, TunnelTotals totals)
    {
        Family(text, "tcpproxy_tunnels_established", "gauge", "Tunnels that are up.", ("", totals.Established));
        Family(text, "tcpproxy_tunnels_most_established", "gauge", "The most that were up at once since the start.", ("", totals.MostEstablished));
        Family(text, "tcpproxy_tunnel_opens_total", "counter", "Tunnels that came up, by who asked for them.",
            ("by=\"us\"", totals.OpenedByUs), ("by=\"peer\"", totals.OpenedByPeer));
        Family(text, "tcpproxy_tunnel_suspicions_total", "counter", "Times that a peer was silent for so long that it might be gone.", ("", totals.Counters.Suspicions));
        Family(text, "tcpproxy_tunnel_address_changes_total", "counter", "Times that a peer moved to another address.", ("", totals.Counters.AddressChanges));
        Family(text, "tcpproxy_tunnel_black_holes_total", "counter", "Times that large datagrams stopped getting through.", ("", totals.Counters.BlackHoles));
        Family(text, "tcpproxy_tunnel_payload_bytes_sent_total", "counter", "Bytes that streams gave to tunnels.", ("", totals.Counters.PayloadBytesSent));
        Family(text, "tcpproxy_tunnel_payload_bytes_received_total", "counter", "Bytes that streams had from tunnels.", ("", totals.Counters.PayloadBytesReceived));
        Family(text, "tcpproxy_tunnel_streams_refused_total", "counter", "Streams of peers that were refused.", ("", totals.Counters.StreamsRefused));
    }

    private static void Datagrams(StringBuilder text, TunnelTotals totals)
    {
        var counters = totals.Counters;
        Family(text, "tcpproxy_tunnel_datagrams_sent_total", "counter", "Datagrams sent by tunnels.", ("", counters.DatagramsSent));
        Family(text, "tcpproxy_tunnel_datagrams_received_total", "counter", "Datagrams of peers.", ("", counters.DatagramsReceived));
        Family(text, "tcpproxy_tunnel_datagram_bytes_sent_total", "counter", "Bytes of the datagrams sent, headers and tags included.", ("", counters.DatagramBytesSent));
        Family(text, "tcpproxy_tunnel_datagram_bytes_received_total", "counter", "Bytes of the datagrams received.", ("", counters.DatagramBytesReceived));
        Family(text, "tcpproxy_tunnel_datagrams_refused_total", "counter", "Received, and not the peer's or not for the first time.", ("", counters.DatagramsRefused));
        Family(text, "tcpproxy_tunnel_datagrams_malformed_total", "counter", "From a peer, and not as the protocol has them.", ("", counters.DatagramsMalformed));
        Family(text, "tcpproxy_tunnel_datagrams_lost_total", "counter", "Sent, and taken to be lost.", ("", counters.DatagramsLost));
        Family(text, "tcpproxy_tunnel_datagrams_spurious_total", "counter", "Of those, acknowledged later.", ("", counters.DatagramsSpurious));
        Family(text, "tcpproxy_tunnel_probes_sent_total", "counter", "Sent because no answer came.", ("", counters.ProbesSent));
    }

    private static void Packets(StringBuilder text, TunnelTotals totals)
    {
        var counters = totals.Counters;
        Family(text, "tcpproxy_tunnel_packets_sent_total", "counter", "UDP packets of flows, gone out whole.", ("", counters.PacketsSent));
        Family(text, "tcpproxy_tunnel_packets_received_total", "counter", "UDP packets of flows, arrived whole.", ("", counters.PacketsReceived));
        Family(text, "tcpproxy_tunnel_packets_dropped_total", "counter", "UDP packets of flows that did not go through, by why.",
            ("why=\"waiting\"", counters.PacketsDropped),
            ("why=\"too-large\"", counters.PacketsTooLarge),
            ("why=\"incomplete\"", counters.PacketsIncomplete));
    }

    private static void Segments(StringBuilder text, TunnelTotals totals)
    {
        var counters = totals.Counters;
        Family(text, "tcpproxy_tunnel_segments_sent_total", "counter", "KCP segments sent, repetitions included.", ("", counters.SegmentsSent));
        Family(text, "tcpproxy_tunnel_segments_received_total", "counter", "KCP segments received, repetitions included.", ("", counters.SegmentsReceived));
        Family(text, "tcpproxy_tunnel_segments_repeated_total", "counter", "Received, and there already.", ("", counters.SegmentsRepeated));
        Family(text, "tcpproxy_tunnel_segments_resent_total", "counter", "KCP segments sent again: on evidence (fast), or ahead of it.",
            ("kind=\"fast\"", counters.ResentFast),
            ("kind=\"early\"", counters.ResentEarly),
            ("kind=\"timeout\"", counters.ResentTimeout),
            ("kind=\"probe\"", counters.ResentProbe));
    }

    private static void ErrorCorrection(StringBuilder text, NodeStatus status)
    {
        var counters = status.TunnelTotals.Counters;
        Family(text, "tcpproxy_tunnels_fec_on", "gauge", "Tunnels that cover what they send with parity now.",
            ("", status.Tunnels.Count(tunnel => tunnel.Native is { Fec.On: true })));
        Family(text, "tcpproxy_tunnel_fec_groups_sent_total", "counter", "Groups of datagrams that parity was sent for.", ("", counters.FecGroupsSent));
        Family(text, "tcpproxy_tunnel_fec_parity_sent_total", "counter", "Datagrams of parity sent.", ("", counters.FecParitySent));
        Family(text, "tcpproxy_tunnel_fec_parity_bytes_sent_total", "counter", "Bytes of those.", ("", counters.FecParityBytesSent));
        Family(text, "tcpproxy_tunnel_fec_parity_received_total", "counter", "Datagrams of parity received.", ("", counters.FecParityReceived));
        Family(text, "tcpproxy_tunnel_fec_parity_refused_total", "counter", "Of those, the ones that said something impossible.", ("", counters.FecParityRefused));
        Family(text, "tcpproxy_tunnel_fec_recovered_total", "counter", "Datagrams that did not arrive and were made out of others.", ("", counters.FecRecovered));
        Family(text, "tcpproxy_tunnel_fec_groups_not_recovered_total", "counter", "Groups of which too much was missing.", ("", counters.FecGroupsNotRecovered));
    }

    private static void Listeners(StringBuilder text, NodeStatus status)
    {
        Family(text, "tcpproxy_tunnel_hellos_total", "counter", "Hellos of clients, by what became of them.",
            [.. status.TunnelListeners.SelectMany(listener => listener.Hellos).GroupBy(hello => hello.Outcome)
                .Select(same => ($"outcome=\"{same.Key}\"", (double)same.Sum(hello => hello.Count)))]);
        Family(text, "tcpproxy_tunnel_resets_sent_total", "counter", "Answers to datagrams of tunnels that are gone.",
            ("", status.TunnelListeners.Sum(listener => listener.ResetsSent)));
        Family(text, "tcpproxy_tunnel_datagrams_ignored_total", "counter", "Datagrams for no tunnel that met silence.",
            ("", status.TunnelListeners.Sum(listener => listener.DatagramsIgnored)));
    }

    private static readonly string[] States = ["init", "connecting", "handshake_sent", "ready", "draining", "closed"];
}
