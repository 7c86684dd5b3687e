using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Limits, queue, rules with files and times, and lifetimes of a real relay, from its flags to its metrics.</summary>
[Collection(OnlyWaits.Second)]
public sealed class LimitTests : EndToEndTest
{
    [Theory]
    [InlineData("--max-connections", "2", "frontend_connections")]
    [InlineData("--max-connections-per-ip", "2", "source_connections")]
    [InlineData("--max-connections-per-prefix", "2,v4=8", "prefix_connections")]
    [InlineData("--node-max-connections", "2", "node_connections")]
    [InlineData("--accept-rate", "1/s,burst=2", "accept_rate")]
    public async Task The_third_connection_is_refused_for_the_limit_that_was_set_and_the_operator_is_told(string option, string value, string reason)
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", echoing.Address.ToString(), option, value);
        using var first = await Dial.ToAsync(relay.Tcp);
        using var second = await Dial.ToAsync(relay.Tcp);

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));

        await Exchange.PingAsync(first, Limit);
        await Exchange.PingAsync(second, Limit);
        var metrics = await MetricsAsync(relay);
        Assert.Equal(
            [$"tcpproxy_frontend_refused_total{{frontend=\"relay\",reason=\"{reason}\"}} 1"],
            metrics.Split('\n').Where(line => line.StartsWith("tcpproxy_frontend_refused_total", StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal)));
        await relay.LogsAsync($"refused 1 connection: {reason} (127.0.0.1:", TimeSpan.FromSeconds(5));
        var refusals = (await NodeStatus.OfAsync(relay)).Root.GetProperty("frontends")[0].GetProperty("refusals").EnumerateArray();
        Assert.Equal(1, refusals.Single(refusal => refusal.GetProperty("reason").GetString() == reason).GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Who_waits_is_served_when_a_place_comes_free_and_nothing_that_it_sent_is_lost()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", echoing.Address.ToString(), "--max-connections", "1", "--queue", "1,timeout=60s");
        using var first = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(first, Limit);

        var waiting = Exchange.EchoAsync(relay.Tcp, new Content(Seed: 91, 100_000), Limit);
        await Wait.UntilAsync(
            async () => (await MetricsAsync(relay)).Contains("tcpproxy_frontend_waiting{frontend=\"relay\"} 1\n", StringComparison.Ordinal),
            TimeSpan.FromSeconds(10),
            () => "nobody waits");
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));
        Assert.False(waiting.IsCompleted);
        first.Reset();

        await waiting;
        Assert.Contains("reason=\"queue_full\"} 1\n", await MetricsAsync(relay), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_for_too_long_is_refused()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", echoing.Address.ToString(), "--max-connections", "1", "--queue", "5,timeout=300ms");
        using var first = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(first, Limit);

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));

        Assert.Contains("reason=\"queue_deadline\"} 1\n", await MetricsAsync(relay), StringComparison.Ordinal);
        await Exchange.PingAsync(first, Limit);
    }

    [Theory]
    [InlineData(true, "--rule", "allow 127.0.0.1", "--deny", "127.0.0.0/8")]
    [InlineData(false, "--rule", "deny 127.0.0.1", "--rule", "allow any")]
    [InlineData(true, "--rule", "allow 127.0.0.0/8 from=2020-01-01", "--rule", "deny any")]
    [InlineData(false, "--rule", "allow 127.0.0.0/8 to=2020-12-31 zone=Europe/Paris")]
    [InlineData(true, "--rule", "deny any to=2020-12-31 days=mon-sun hours=00:00-24:00")]
    [InlineData(false, "--rule", "deny file=FILE")]
    [InlineData(false, "--deny-file", "FILE")]
    [InlineData(true, "--allow-file", "FILE")]
    [InlineData(false, "--deny", "127.0.0.1", "--allow-file", "FILE")]
    public async Task Rules_decide_in_their_order_and_by_their_times(bool isServed, params string[] options)
    {
        using var work = new WorkDirectory();
        var file = work.File("networks");
        await File.WriteAllTextAsync(file, "# loopback\n127.0.0.0/8\n!127.0.0.9\n", Limit);
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync(
            ["--to", echoing.Address.ToString(), .. options.Select(option => option.Replace("FILE", file, StringComparison.Ordinal))]);

        if (isServed)
        {
            await Exchange.EchoAsync(relay.Tcp, new Content(Seed: 92, 1000), Limit);
        }
        else
        {
            Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));
            await relay.LogsAsync("refused 1 connection: denied (127.0.0.1:", TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task All_errors_in_files_and_rules_are_told_at_once_with_file_and_line_and_end_with_78()
    {
        using var work = new WorkDirectory();
        var (denied, allowed, missing) = (work.File("denied"), work.File("allowed"), work.File("missing"));
        await File.WriteAllTextAsync(denied, "10.0.0.0/8\nnonsense\n\n192.0.2.1/24 # bits\n", Limit);
        await File.WriteAllTextAsync(allowed, "10.0.0.0/33\n", Limit);

        var result = await CommandResult.OfNodeAsync(
            "relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--deny-file", denied, "--allow-file", missing, "--rule", $"allow file={allowed} hours=8-18");

        Assert.Equal(78, result.ExitCode);
        Assert.All(
            [$"{denied}:2: ", $"{denied}:4: ", $"{allowed}:1: ", $"{missing}: it cannot be read", "'8-18' is no range of hours", "5 errors"],
            text => Assert.Contains(text, result.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_and_their_files_are_read_again_on_SIGHUP_and_who_lives_stays()
    {
        using var work = new WorkDirectory();
        var file = work.File("denied");
        await File.WriteAllTextAsync(file, "192.0.2.0/24\n", Limit);
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", echoing.Address.ToString(), "--deny-file", file);
        using var living = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(living, Limit);

        await File.WriteAllTextAsync(file, "127.0.0.0/8\n", Limit);
        relay.Send(Signal.HangUp);
        await UntilServedAsync(relay, isServed: false);
        await Exchange.PingAsync(living, Limit);

        await File.WriteAllTextAsync(file, "\nnonsense\n", Limit);
        relay.Send(Signal.HangUp);
        await relay.LogsAsync($"nothing was changed: {file}:2: ", TimeSpan.FromSeconds(10));
        Assert.False(await IsServedAsync(relay));

        await File.WriteAllTextAsync(file, "", Limit);
        relay.Send(Signal.HangUp);
        await UntilServedAsync(relay, isServed: true);
        await Exchange.PingAsync(living, Limit);
    }

    [Theory]
    [InlineData("--rule", "deny")]
    [InlineData("--rule", "deny any hours=25:00-26:00")]
    [InlineData("--queue", "0")]
    [InlineData("--queue", "timeout=5s")]
    [InlineData("--queue", "5,timeout=0s")]
    [InlineData("--accept-rate", "5")]
    [InlineData("--accept-rate", "5/s,burst=0")]
    [InlineData("--max-connections-per-prefix", "5,v4=33")]
    [InlineData("--max-connections-per-prefix", "5,v6=0")]
    [InlineData("--max-connections", "0")]
    [InlineData("--node-max-connections", "0")]
    [InlineData("--connect-timeout", "0s")]
    [InlineData("--header-timeout", "0s")]
    [InlineData("--lifetime", "soon")]
    public async Task A_limit_that_can_not_be_is_a_usage_error_that_names_it(string option, string value)
    {
        var result = await CommandResult.OfNodeAsync("relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", option, value);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(option, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_without_effect_is_warned_of_at_the_start()
    {
        await using var relay = await StartAsync("--to", "127.0.0.1:1", "--rule", "deny 10.0.0.0/8", "--rule", "allow 10.1.0.0/16 hours=08:00-18:00");

        await relay.LogsAsync("rule 'allow 10.1.0.0/16 hours=08:00-18:00' decides nothing: 'deny 10.0.0.0/8' before it", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_connection_is_ended_by_its_lifetime_while_bytes_flow()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", echoing.Address.ToString(), "--lifetime", "700ms");
        using var application = await Dial.ToAsync(relay.Tcp);
        var isCut = false;

        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    await Exchange.PingAsync(application, Limit);
                }
                catch (SocketException cut)
                {
                    isCut = cut.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown;
                }

                return isCut;
            },
            TimeSpan.FromSeconds(20),
            () => "the connection still lives");

        await relay.LogsAsync("lifetime reached, fault: us", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Without_a_number_the_node_takes_what_its_descriptors_carry_and_says_so()
    {
        await using var relay = await StartAsync("--to", "127.0.0.1:1");

        await relay.LogsAsync("connections: what the limit of", TimeSpan.FromSeconds(5));
    }

    private Task UntilServedAsync(NodeProcess relay, bool isServed) => Wait.UntilAsync(
        async () => await IsServedAsync(relay) == isServed, TimeSpan.FromSeconds(10), () => $"a client is {(isServed ? "refused" : "served")} still");

    private async Task<bool> IsServedAsync(NodeProcess relay)
    {
        try
        {
            using var socket = await Dial.ToAsync(relay.Tcp);
            await Exchange.PingAsync(socket, Limit);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<string> MetricsAsync(NodeProcess node)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(node.Admin, "/metrics"), Limit);
    }

    private static Task<NodeProcess> StartAsync(params string[] arguments) =>
        NodeProcess.StartAsync(["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", .. arguments]);
}
