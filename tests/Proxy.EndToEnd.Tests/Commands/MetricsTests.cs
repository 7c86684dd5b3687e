using System.Globalization;
using System.Text.RegularExpressions;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

[Collection(OnlyWaits.Second)]
public sealed partial class MetricsTests : EndToEndTest
{
    [Fact]
    public async Task Metrics_are_in_the_text_format_to_the_letter_and_move_while_a_connection_lives()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(echoing.Address);
        using var application = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(application, Limit);

        var first = await ReadAsync(tunnel.Client);
        await Exchange.PingAsync(application, Limit);
        var second = await ReadAsync(tunnel.Client);

        Assert.Equal(1, first["tcpproxy_connections_active"]);
        Assert.Equal(1, first["tcpproxy_tunnels{state=\"ready\"}"]);
        var (up, before) = first.Single(sample => sample.Key.StartsWith("tcpproxy_frontend_bytes_total", StringComparison.Ordinal)
            && sample.Key.Contains("from=\"client\"", StringComparison.Ordinal));
        Assert.True(second[up] > before, $"{up} was {before} and is {second[up]}");
        Assert.True(second["process_open_fds"] > 3);
    }

    [Fact]
    public async Task Metrics_of_a_relay_tell_how_its_servers_are()
    {
        await using var echoing = TcpPeer.Echo();
        var nobody = FreePort.ForTcp();
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", echoing.Address.ToString(), "--to", $"{nobody},weight=2",
            "--check", "tcp", "--check-interval", "100ms");
        await relay.LogsAsync($"server {nobody} is down", TimeSpan.FromSeconds(20));
        using var application = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(application, Limit);

        var metrics = await ReadAsync(relay);

        var (well, dead) = ($"upstream=\"relay\",server=\"{echoing.Address}\"", $"upstream=\"relay\",server=\"{nobody}\"");
        Assert.Equal((1, 0), (metrics[$"tcpproxy_upstream_server_up{{{well}}}"], metrics[$"tcpproxy_upstream_server_up{{{dead}}}"]));
        Assert.Equal(1, metrics[$"tcpproxy_upstream_server_state{{{dead},state=\"down\"}}"]);
        Assert.Equal(1, metrics[$"tcpproxy_upstream_server_connections_active{{{well}}}"]);
        Assert.Equal(0, metrics[$"tcpproxy_upstream_server_checks_total{{{dead},result=\"passed\"}}"]);
        Assert.True(metrics[$"tcpproxy_upstream_server_checks_total{{{dead},result=\"failed\"}}"] > 0);
        Assert.Equal(0, metrics["tcpproxy_upstream_queue_refused_total{upstream=\"relay\",reason=\"timeout\"}"]);
    }

    [Theory]
    [InlineData(Dialect.Native)]
    [InlineData(Dialect.Vproxy)]
    [InlineData(Dialect.NativeTcp)]
    public async Task Counters_of_tunnels_move_while_one_lives_and_do_not_go_back_when_it_ends(Dialect dialect)
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(dialect, echoing.Address);
        var before = await ReadAsync(tunnel.Client);
        await Exchange.EchoAsync(tunnel.Entry, new Content(Seed: 90, 300_000), Limit);
        using var application = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(application, Limit);

        var alive = await ReadAsync(tunnel.Client);
        await tunnel.RestartServerAsync();
        await Wait.UntilAsync(
            async () => (await ReadAsync(tunnel.Client))["tcpproxy_tunnel_opens_total{by=\"us\"}"] == 2,
            TimeSpan.FromSeconds(30),
            () => "there is no second tunnel");
        var after = await ReadAsync(tunnel.Client);

        Assert.Equal(1, alive["tcpproxy_tunnels_established"]);
        Assert.Equal(300_016, alive["tcpproxy_tunnel_payload_bytes_received_total"] - before["tcpproxy_tunnel_payload_bytes_received_total"], 500.0);
        if (dialect != Dialect.NativeTcp)
        {
            Assert.True(alive["tcpproxy_tunnel_datagrams_sent_total"] > before["tcpproxy_tunnel_datagrams_sent_total"] + 100);
            Assert.True(alive["tcpproxy_tunnel_segments_received_total"] > before["tcpproxy_tunnel_segments_received_total"] + 100);
        }

        Assert.All(
            alive.Where(sample => TunnelCounter().IsMatch(sample.Key)),
            sample => Assert.True(after[sample.Key] >= sample.Value, $"{sample.Key} was {sample.Value} and is {after[sample.Key]}"));
    }

    private static async Task<Dictionary<string, double>> ReadAsync(NodeProcess node)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(node.Admin, "/metrics"));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return Parse(await response.Content.ReadAsStringAsync());
    }

    /// <summary>Strict: every line is one of the format's, a family is described before its samples and stands together, no sample twice.</summary>
    private static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text);
        var samples = new Dictionary<string, double>();
        var described = new HashSet<string>();
        var (family, type) = ("", "");
        foreach (var line in text[..^1].Split('\n'))
        {
            if (HelpLine().Match(line) is { Success: true } help)
            {
                family = help.Groups["name"].Value;
                Assert.True(described.Add(family), $"{family} is described twice");
                type = "";
            }
            else if (TypeLine().Match(line) is { Success: true } kind)
            {
                Assert.Equal(family, kind.Groups["name"].Value);
                type = kind.Groups["type"].Value;
                Assert.Equal(type == "counter", family.EndsWith("_total", StringComparison.Ordinal));
            }
            else
            {
                var sample = SampleLine().Match(line);
                Assert.True(sample.Success, $"not a line of the format: {line}");
                Assert.Equal(family, sample.Groups["name"].Value);
                Assert.NotEqual("", type);
                var value = double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture);
                Assert.True(samples.TryAdd(sample.Groups["series"].Value, value), $"{sample.Groups["series"].Value} stands twice");
            }
        }

        return samples;
    }

    [GeneratedRegex(@"^tcpproxy_tunnel_\w+_total", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TunnelCounter();

    [GeneratedRegex(@"^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) [^\n]+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge)$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeLine();

    [GeneratedRegex("""^(?<series>(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*")*\})?) (?<value>[0-9.eE+-]+)$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SampleLine();
}
