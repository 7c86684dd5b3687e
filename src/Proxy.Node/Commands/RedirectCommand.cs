using System.CommandLine;
using System.Globalization;
using System.Text;
using Proxy.Policy.Rules;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy redirect print-rules</c>: what the packet filter has to be told for a redirect frontend. Touches nothing.</summary>
internal static class RedirectCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port")
        {
            Description = "The frontend's port, on 127.0.0.1 and [::1] for this machine's own programs, on all addresses for others'.",
            HelpName = "PORT",
            Required = true,
        };
        var user = new Option<string?>("--user")
        {
            Description = "Who the proxy runs as: its own connections are left alone. Without it only --from others is redirected.",
            HelpName = "USER",
        };
        var from = new Option<string[]>("--from-interface")
        {
            DefaultValueFactory = _ => [],
            Description = "What comes in from other machines here is redirected. May be repeated.",
            HelpName = "INTERFACE",
        };
        var to = new Option<string[]>("--to")
        {
            DefaultValueFactory = _ => [],
            Description = "Only what goes to this network. May be repeated. Default: to anywhere but this machine, its links and multicast.",
            HelpName = "CIDR",
        };
        var ports = new Option<string?>("--ports")
        {
            Description = "Only what goes to these ports, such as 80,443 or 8000-8999. Default: all.",
            HelpName = "PORTS",
        };
        var transparent = new Option<bool>("--tproxy")
        {
            Description = "For --tproxy and --tproxy-udp in place of --redirect. Beside the rules two routes are needed: they stand behind the rules as comments.",
        };
        var udp = new Option<bool>("--udp") { Description = "With --tproxy: UDP as well, for a --tproxy-udp at the same port." };
        var print = new Command("print-rules", "Prints rules for nftables: pipe them into 'nft -f -'; the last line says how to take them back.") { port, user, from, to, ports, transparent, udp };
        print.SetAction(parsed =>
        {
            if (parsed.GetValue(udp) && !parsed.GetValue(transparent))
            {
                throw new UsageException("--udp goes with --tproxy: a redirect does not tell where a datagram was going");
            }

            Console.Out.Write((parsed.GetValue(transparent) ? (RuleWriter)(parsed.GetValue(udp) ? TransparentRules.WithUdp : TransparentRules.TcpAlone) : Rules)(
                Values.Number(parsed.GetValue(port).ToString(CultureInfo.InvariantCulture), 1, ushort.MaxValue, "--port", ""),
                parsed.GetValue(user) is { } name ? Word(name, "--user") : null,
                [.. parsed.GetRequiredValue(from).Select(text => Word(text, "--from-interface"))],
                [.. parsed.GetRequiredValue(to).Select(Network)],
                parsed.GetValue(ports) is { } list ? Ports(list) : null));
            return ExitCodes.Done;
        });
        return new Command("redirect", "For programs that know nothing of a proxy.") { print };
    }

    private delegate string RuleWriter(int port, string? user, IReadOnlyList<string> interfaces, IReadOnlyList<Cidr> to, string? ports);

    /// <summary>The rules; the same input gives the same text.</summary>
    internal static string Rules(int port, string? user, IReadOnlyList<string> interfaces, IReadOnlyList<Cidr> to, string? ports)
    {
        CheckWhose(user, interfaces);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"table inet tcpproxy-{port} {{\n");
        if (user is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"  chain output {{\n    type nat hook output priority -100; policy accept;\n    meta skuid \"{user}\" return\n");
            AppendRedirects(text, "", port, to, ports);
        }

        if (interfaces.Count > 0)
        {
            text.Append("  chain prerouting {\n    type nat hook prerouting priority -100; policy accept;\n");
            AppendRedirects(text, $"iifname {{ {string.Join(", ", interfaces.Select(name => $"\"{name}\""))} }} ", port, to, ports);
        }

        return text.Append(CultureInfo.InvariantCulture, $"}}\n# to take it back: nft delete table inet tcpproxy-{port}\n").ToString();
    }

    internal static void CheckWhose(string? user, IReadOnlyList<string> interfaces)
    {
        if (user is null && interfaces.Count == 0)
        {
            throw new UsageException("whose connections are to be redirected? --user USER for this machine's own but the proxy's, --from-interface INTERFACE for others'");
        }
    }

    private static void AppendRedirects(StringBuilder text, string only, int port, IReadOnlyList<Cidr> to, string? ports)
    {
        text.Append("    fib daddr type { local, broadcast, anycast, multicast } return\n    ip daddr { 169.254.0.0/16 } return\n    ip6 daddr { fe80::/10 } return\n");
        var condition = $"{only}meta l4proto tcp {(ports is null ? "" : $"tcp dport {{ {ports} }} ")}";
        if (to.Count == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {condition}redirect to :{port}\n");
        }

        foreach (var (family, networks) in to.GroupBy(network => network.IsIPv4 ? "ip" : "ip6").Select(group => (group.Key, group.Select(network => network.ToString()))))
        {
            text.Append(CultureInfo.InvariantCulture, $"    {condition}{family} daddr {{ {string.Join(", ", networks)} }} redirect to :{port}\n");
        }

        text.Append("  }\n");
    }

    // These go into the text as they are.
    private static string Word(string text, string option) => text.Length is > 0 and <= 32 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
        ? text
        : throw new UsageException($"{option} '{text}': a name of letters, digits, '-', '_' and '.' is expected");

    private static Cidr Network(string text) => Cidr.TryParse(text, out var network, out var error) ? network : throw new UsageException($"--to '{text}': {error}");

    private static string Ports(string list) => string.Join(", ", list.Split(',').Select(part =>
    {
        int[] ends = [.. part.Split('-').Select(end => Values.Number(end, 1, ushort.MaxValue, "--ports", list))];
        return ends is [_] || (ends is [var low, var high] && low < high) ? part : throw new UsageException($"--ports '{list}': ports and ranges LOW-HIGH are expected, separated by comma");
    }));
}
