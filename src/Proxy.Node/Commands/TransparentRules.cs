using System.Globalization;
using System.Text;
using Proxy.Policy.Rules;

namespace Proxy.Node.Commands;

/// <summary>
/// Rules of nftables for TPROXY: what comes in from others, and what this machine's own programs send, is marked, routed to this machine by its mark,
/// and given to the frontend's socket.
/// </summary>
internal static class TransparentRules
{
    // Any number that nobody else uses; the same as mark and as routing table.
    private const int Mark = 0x7470;

    public static string TcpAlone(int port, string? user, IReadOnlyList<string> interfaces, IReadOnlyList<Cidr> to, string? ports) =>
        Write(port, user, interfaces, to, ports, "tcp");

    public static string WithUdp(int port, string? user, IReadOnlyList<string> interfaces, IReadOnlyList<Cidr> to, string? ports) =>
        Write(port, user, interfaces, to, ports, "{ tcp, udp }");

    private static string Write(int port, string? user, IReadOnlyList<string> interfaces, IReadOnlyList<Cidr> to, string? ports, string protocols)
    {
        RedirectCommand.CheckWhose(user, interfaces);
        var text = new StringBuilder();
        var invariant = CultureInfo.InvariantCulture;
        text.Append(invariant, $"table inet tcpproxy-{port} {{\n  chain prerouting {{\n    type filter hook prerouting priority mangle; policy accept;\n");
        text.Append(invariant, $"    socket transparent 1 meta mark set {Mark} accept\n");
        text.Append(invariant, $"    meta mark {Mark} meta l4proto {protocols} jump give\n");
        if (interfaces.Count > 0)
        {
            AppendExceptions(text);
            foreach (var condition in Conditions(to, ports, protocols))
            {
                text.Append(invariant, $"    iifname {{ {string.Join(", ", interfaces.Select(name => $"\"{name}\""))} }} {condition}meta mark set {Mark} jump give\n");
            }
        }

        text.Append(invariant, $"  }}\n  chain give {{\n    meta nfproto ipv4 meta l4proto {protocols} tproxy ip to 127.0.0.1:{port} accept\n");
        text.Append(invariant, $"    meta nfproto ipv6 meta l4proto {protocols} tproxy ip6 to [::1]:{port} accept\n  }}\n");
        if (user is not null)
        {
            text.Append(invariant, $"  chain output {{\n    type route hook output priority mangle; policy accept;\n    meta skuid \"{user}\" return\n");
            AppendExceptions(text);
            foreach (var condition in Conditions(to, ports, protocols))
            {
                text.Append(invariant, $"    {condition}meta mark set {Mark}\n");
            }

            text.Append("  }\n");
        }

        text.Append("}\n# what is marked comes to this machine; to be run once, as root:\n");
        text.Append(invariant, $"# ip rule add fwmark {Mark} lookup {Mark}\n# ip route add local 0.0.0.0/0 dev lo table {Mark}\n");
        text.Append(invariant, $"# ip -6 rule add fwmark {Mark} lookup {Mark}\n# ip -6 route add local ::/0 dev lo table {Mark}\n");
        return text.Append(invariant, $"# to take it back: nft delete table inet tcpproxy-{port}; ip rule del fwmark {Mark}; ip -6 rule del fwmark {Mark}\n").ToString();
    }

    private static void AppendExceptions(StringBuilder text) =>
        text.Append("    fib daddr type { local, broadcast, anycast, multicast } return\n    ip daddr { 169.254.0.0/16 } return\n    ip6 daddr { fe80::/10 } return\n");

    private static IEnumerable<string> Conditions(IReadOnlyList<Cidr> to, string? ports, string protocols)
    {
        var condition = $"meta l4proto {protocols} {(ports is null ? "" : $"th dport {{ {ports} }} ")}";
        return to.Count == 0
            ? [condition]
            : to.GroupBy(network => network.IsIPv4 ? "ip" : "ip6").Select(group => $"{condition}{group.Key} daddr {{ {string.Join(", ", group)} }} ");
    }
}
