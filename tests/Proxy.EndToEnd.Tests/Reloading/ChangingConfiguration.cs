using System.Globalization;
using System.Net;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Reloading;

/// <summary>
/// A configuration of every role in one node that is another one each time, drawn from a seed: two frontends that stay, one to an upstream and one
/// through a tunnel to the node's own server, and everything around them changing. Whoever it is, it refuses nobody on this machine.
/// </summary>
internal sealed class ChangingConfiguration(Random random, WorkDirectory directory, IReadOnlyList<IPEndPoint> servers)
{
    private readonly IPEndPoint[] _others = [FreePort.ForTcp(), FreePort.ForTcp()];
    private readonly IPEndPoint[] _otherTunnels = [FreePort.ForUdp(), FreePort.ForUdp()];
    private readonly IPEndPoint _tunnels = FreePort.ForUdp();

    /// <summary>Where connections go that are relayed.</summary>
    public IPEndPoint Relayed { get; } = FreePort.ForTcp();

    /// <summary>Where connections go that pass the tunnel.</summary>
    public IPEndPoint Tunnelled { get; } = FreePort.ForTcp();

    /// <summary>Another configuration, correct and whole.</summary>
    public string Next() => $$"""
        tcpproxy {
          admin.listen = "127.0.0.1:0"
          node { name = reloaded, drain = {{Pick("60s", "90s", "2m")}}, limits.connections = {{random.Next(1500, 2500)}} }
          log { level = {{Pick("info", "debug", "warning")}}{{Maybe($", access {{ file = \"{directory.File("access.log")}\", format = {Pick("text", "json")}, interval = {Pick("0", "60s")} }}")}} }
          servers {
            main {
              listen = ["kcp://{{_tunnels}}"{{Maybe($", \"kcp://{_otherTunnels[0]}\"")}}]
              destinations { allow = ["127.0.0.0/8:{{Pick("1-65535", "1024-65535")}}"{{Maybe(", \"10.0.0.0/8:443\"")}}]{{Maybe(", deny = [\"10.1.0.0/16\"]")}} }
              timeouts { connect = 30s, idle = {{Minutes()}}, half-close = {{Minutes()}} }
              limits.tunnels = {{random.Next(100, 10000)}}
              kcp.lanes = {{random.Next(2, 9)}}
            }
            {{Maybe($"second {{ listen = \"kcp://{_otherTunnels[1]}\" }}")}}
          }
          principals { {{Maybe($"alice {{ key.file = \"{directory.File("alice.key")}\", limits.connections = {random.Next(1, 100)} }}")}} }
          tunnels {
            main { servers = ["kcp://{{_tunnels}}"], connections = {{random.Next(1, 3)}}, kcp.lanes = {{Pick("4", "8")}} }
            {{Maybe($"spare {{ servers = [\"kcp://{_tunnels}\"] }}")}}
          }
          upstreams {
            main {
              servers = [{{Servers()}}]
              balance = {{Pick("round-robin", "least-connections", "random-two", "source", "first")}}
              slow-start = {{Pick("0", "5s")}}
              health { type = {{Pick("off", "tcp", "tcp")}}, interval = {{random.Next(2, 9)}}s, timeout = 2s }
              eject { failures = {{random.Next(20, 40)}} }
              queue { connections = {{random.Next(1000, 2000)}}, timeout = 30s }
            }
            {{Maybe($"spare {{ servers = [\"{servers[0]}\"] }}")}}
          }
          frontends {
            main {
              listen = "tcp://{{Relayed}}", upstream = main, retries = {{random.Next(5, 15)}}
              {{Frontend()}}
              filters = [{{Maybe("{ match = [\"needle in a haystack\"], action = count }")}}]
              limits { connections = {{random.Next(1000, 1500)}}, per-ip = {{Pick("0", "900")}}, bandwidth = {{Pick("0", "500MB/s")}}, connection-bandwidth = {{Pick("0", "100MB/s")}} }
            }
            through {
              listen = "tcp://{{Tunnelled}}", tunnel = main, to = "{{servers[0]}}"{{Maybe(", pass-source = on")}}
              {{Frontend()}}
            }
            {{Maybe($"{Pick("third", "fourth")} {{ listen = \"tcp://{_others[0]}\", upstream = main }}")}}
            {{Maybe($"fifth {{ listen = \"tcp://{_others[1]}\", tunnel = main, to = \"{servers[1]}\" }}")}}
          }
        }
        """;

    /// <summary>The same with one thing wrong, and what the error has to say.</summary>
    public (string Text, string Expected) NextWrong(IPEndPoint taken)
    {
        var text = Next();
        return random.Next(6) switch
        {
            0 => (text.Replace("balance =", "balanse =", StringComparison.Ordinal), "upstreams.main.balanse"),
            1 => (text.Replace("upstream = main, retries", "upstream = nowhere, retries", StringComparison.Ordinal), "frontends.main.upstream"),
            2 => (text + "\ntcpproxy.frontends.main.retries = 101", "frontends.main.retries"),
            3 => (text + "\ntcpproxy.node.drain = soon", "node.drain"),
            4 => (text[..^2], ""),
            _ => (text + $"\ntcpproxy.frontends.taken {{ listen = \"tcp://{taken}\", upstream = main }}", $"cannot listen on tcp://{taken}"),
        };
    }

    private string Servers()
    {
        var some = servers.Where((_, index) => index == 0 || random.Next(2) == 0);
        return string.Join(", ", some.Select(server => random.Next(2) == 0
            ? $"\"{server}\""
            : $"{{ address = \"{server}\", weight = {random.Next(1, 5).ToString(CultureInfo.InvariantCulture)}, connections = {random.Next(2000, 3000)} }}"));
    }

    private string Frontend() => $$"""
        timeouts { connect = 30s, idle = {{Minutes()}}, half-close = {{Minutes()}}, header = 30s }
              rules = [{{Pick("", "{ deny = [\"192.0.2.0/24\"] }", "{ allow = [\"127.0.0.0/8\"] }, { deny = any }")}}]
              proxy-protocol { in = {{Pick("off", "on")}}, trusted = ["192.0.2.{{random.Next(1, 200)}}"] }
        """;

    private string Minutes() => $"{random.Next(3, 60)}m";

    private string Maybe(string text) => random.Next(2) == 0 ? text : "";

    private string Pick(params string[] texts) => texts[random.Next(texts.Length)];
}
