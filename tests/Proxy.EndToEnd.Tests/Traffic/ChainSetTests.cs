using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>An access server with two chains to the same place, one of which dies.</summary>
[Collection(OnlyWaits.Second)]
public sealed class ChainSetTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_a_chain_dies_new_connections_take_another_within_two_seconds(bool beginsWithTunnel)
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        await using var first = await ServerAsync(beginsWithTunnel ? "kcp" : "chain");
        await using var second = await ServerAsync("chain");
        await using var spare = await ServerAsync("chain");
        var way = beginsWithTunnel ? $"tunnel = main, via = [{HopOf(work, second)}]" : $"via = [{HopOf(work, first)}, {HopOf(work, second)}]";
        await using var client = await AccessServerAsync(
            work,
            $$"""
              {{(beginsWithTunnel ? $$"""tunnels { main { servers = ["kcp://{{first.Kcp}}"] } }""" : "")}}
              chains { far { interval = 1s, paths { good { weight = 100, {{way}} }, spare { via = [{{HopOf(work, spare)}}] } } } }
              frontends { web { listen = "tcp://127.0.0.1:0", chain = far, to = "{{echo.Address}}" } }
              """);
        var entry = client.Entries[0];
        using var old = await Dial.ToAsync(entry);
        await Exchange.PingAsync(old, Limit);

        await second.KillAsync();
        var sinceDeath = Stopwatch.StartNew();
        Assert.Equal(SocketError.ConnectionReset, (await old.ReadToEndAsync(Limit)).End);
        await Wait.UntilAsync(() => AnswersAsync(entry), Bound, () => "no connection came through");
        Assert.True(sinceDeath.Elapsed < TimeSpan.FromSeconds(2), $"It took {sinceDeath.Elapsed}.");

        await client.LogsAsync("chains far: taking spare from now on: good failed", Bound);
        for (var more = 0; more < 20; more++)
        {
            Assert.True(await AnswersAsync(entry), "A connection took the dead chain.");
        }
    }

    [Fact]
    public async Task Chains_are_measured_and_the_status_says_how_they_are()
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        await using var good = await ServerAsync("chain");
        await using var dead = await ServerAsync("chain");
        var deadHop = HopOf(work, dead);
        await dead.KillAsync();
        await using var client = await AccessServerAsync(
            work,
            $$"""
              chains { far { interval = 1s, paths { dead { weight = 5, via = [{{deadHop}}] }, good { via = [{{HopOf(work, good)}}] } } } }
              frontends { web { listen = "tcp://127.0.0.1:0", chain = far, to = "{{echo.Address}}" } }
              """);

        using var http = new HttpClient();
        await Wait.UntilAsync(
            async () =>
            {
                var status = (await http.GetStringAsync(new Uri(client.Admin, "/status"), Limit)).ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal);
                return status.Contains("\"current\":\"good\"", StringComparison.Ordinal)
                    && status.Contains("\"name\":\"dead\",", StringComparison.Ordinal) && status.Contains("\"state\":\"failed\"", StringComparison.Ordinal)
                    && !status.Contains("\"rtt_ms\":null,\"loss\":0}]}", StringComparison.Ordinal);
            },
            Bound,
            () => "the status does not say that one is good and the other failed");
        Assert.True(await AnswersAsync(client.Entries[0]));
        await good.LogsAsync("echo", Bound);
    }

    [Fact]
    public async Task A_table_sends_some_straight_and_refuses_others()
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        await using var client = await AccessServerAsync(
            work,
            $$"""
              route-tables { some { rules = [{ ports = ["{{echo.Address.Port}}"], sources = ["127.0.0.0/8"], to = direct }], direct.allow = ["127.0.0.0/8"], default = block } }
              frontends {
                open { listen = "tcp://127.0.0.1:0", route-table = some, to = "{{echo.Address}}" }
                shut { listen = "tcp://127.0.0.1:0", route-table = some, to = "127.0.0.1:9" }
              }
              """);
        Assert.True(await AnswersAsync(client.Entries[0]));
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Entries[1], Limit));
        await client.LogsAsync("not allowed (the route 'default' blocks it)", Bound);
    }

    [Fact]
    public async Task Sets_and_tables_change_while_connections_live()
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        await using var before = await ServerAsync("chain");
        await using var after = await ServerAsync("kcp");
        string Frontend(string way) => $$"""frontends { web { listen = "tcp://127.0.0.1:0", {{way}}, to = "{{echo.Address}}" } }""";
        await using var client = await AccessServerAsync(work, $$"""chains { far { paths { a { via = [{{HopOf(work, before)}}] } } } }, {{Frontend("chain = far")}}""");
        var entry = client.Entries[0];
        using var old = await Dial.ToAsync(entry);
        await Exchange.PingAsync(old, Limit);

        // The set's own chain is another, and begins with a tunnel that was not there.
        var main = $$"""tunnels { main { servers = ["kcp://{{after.Kcp}}"] } }""";
        await ReloadAsync(client, work, $$"""{{main}}, chains { far { paths { b { tunnel = main } } } }, {{Frontend("chain = far")}}""", "chains far: other paths");
        Assert.True(await AnswersAsync(entry));
        await after.LogsAsync($"-> {echo.Address}: completed", Bound);

        // A table that names a new set.
        var tables = "route-tables { some { rules = [{ ports = [\"1\"], to = block }], default = near } }";
        await ReloadAsync(
            client, work, $$"""{{main}}, chains { near { paths { c { via = [{{HopOf(work, before)}}] } } } }, {{tables}}, {{Frontend("route-table = some")}}""", "chains near: added");
        Assert.True(await AnswersAsync(entry));
        Assert.Contains(client.Log, line => line.Contains("chains far: removed", StringComparison.Ordinal));

        await Exchange.PingAsync(old, Limit);
    }

    [Theory]
    [InlineData("route-tables { a { rules = [] } }", "whom no rule matches")]
    [InlineData("route-tables { a { rules = [{ ports = \"x\", to = block }], default = block } }", "neither a port nor a range")]
    [InlineData("route-tables { a { rules = [{ names = [\"/(/\"], to = block }], default = block } }", "no expression")]
    [InlineData("route-tables { a { default = nowhere } }", "there is no chain 'nowhere'")]
    [InlineData("servers { s { listen = \"kcp://127.0.0.1:0\", insecure = on, dialect = vproxy, legs = [c] } }", "there is no tunnel 'c'")]
    [InlineData("frontends { w { listen = \"tcp://127.0.0.1:0\", route-table = b, to = \"127.0.0.1:1\" } }", "there is no route-table 'b'")]
    public async Task What_is_wrong_with_routes_is_said_with_its_place(string settings, string says)
    {
        using var work = new WorkDirectory();
        var file = work.File("wrong.conf");
        await File.WriteAllTextAsync(file, $"tcpproxy {{ {settings} }}", Limit);
        var result = await CommandResult.OfNodeAsync("config", "check", "-c", file);
        Assert.Equal(78, result.ExitCode);
        Assert.Contains(says, result.Errors + result.Output, StringComparison.Ordinal);
    }

    /// <summary>Takes sealed headers by the key that all nodes of these tests have.</summary>
    private static Task<NodeProcess> ServerAsync(string scheme) => NodeProcess.StartAsync(
        "server", "--listen", $"{scheme}://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0", "--log-level", "debug");

    private static string HopOf(WorkDirectory work, NodeProcess server)
    {
        var key = work.File("key");
        if (!File.Exists(key))
        {
            File.WriteAllText(key, Convert.ToBase64String([.. Enumerable.Repeat((byte)42, 32)]));
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return $"\"chain://{server.Chains}?key-file={key}\"";
    }

    private static async Task<NodeProcess> AccessServerAsync(WorkDirectory work, string settings)
    {
        var file = work.File("access.conf");
        await File.WriteAllTextAsync(file, $$"""tcpproxy { admin { listen = "127.0.0.1:0" }, {{settings}} }""");
        return await NodeProcess.StartAsync("run", "-c", file);
    }

    private async Task ReloadAsync(NodeProcess node, WorkDirectory work, string settings, string says)
    {
        await File.WriteAllTextAsync(work.File("access.conf"), $$"""tcpproxy { admin { listen = "127.0.0.1:0" }, {{settings}} }""", Limit);
        node.Send(Signal.HangUp);
        await node.LogsAsync(says, Bound);
        await node.LogsAsync("the settings were read again", Bound);
    }

    private async Task<bool> AnswersAsync(IPEndPoint entry)
    {
        try
        {
            using var socket = await Dial.ToAsync(entry);
            var bytes = Guid.NewGuid().ToByteArray();
            await socket.SendAllAsync(bytes, Limit);
            socket.Shutdown(SocketShutdown.Send);
            return (await socket.ReadToEndAsync(Limit)) is { End: SocketError.Success, Length: 16 };
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
