using System.Net.Sockets;
using System.Text.Json;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Servers that fail real connections, and connections that wait for servers.</summary>
[Collection(OnlyWaits.Third)]
public sealed class EjectionTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_server_that_accepts_and_resets_is_ejected_and_the_other_one_serves_everybody()
    {
        await using var echoing = TcpPeer.Echo();
        await using var resetting = new TcpPeer((socket, _) =>
        {
            socket.Reset();
            return Task.CompletedTask;
        });
        await using var relay = await StartAsync(
            "--to", resetting.Address.ToString(), "--to", echoing.Address.ToString(), "--eject", "failures=3,window=20s,for=10m,max=50%");

        await Wait.UntilAsync(
            async () =>
            {
                await TouchAsync(relay);
                return (await ServersAsync(relay))[0].GetProperty("state").GetString() == "ejected";
            },
            Bound,
            () => "the server that resets is still in service");

        for (var count = 0; count < 10; count++)
        {
            using var socket = await Dial.ToAsync(relay.Tcp);
            await Exchange.PingAsync(socket, Limit);
        }

        Assert.Equal(3, (await ServersAsync(relay))[0].GetProperty("failures").GetInt32());
    }

    [Fact]
    public async Task A_connection_waits_for_a_full_server_as_long_as_the_flag_says_and_no_more_wait_than_it_says()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", $"{echoing.Address},max-connections=1", "--server-queue", "1,timeout=500ms");
        using var first = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(first, Limit);

        var ends = await Task.WhenAll(Exchange.RefusalAsync(relay.Tcp, Limit), Exchange.RefusalAsync(relay.Tcp, Limit));

        Assert.Equal([SocketError.ConnectionReset, SocketError.ConnectionReset], ends);
        await relay.LogsAsync("all servers are full and 1 connections wait", Bound);
        await relay.LogsAsync("no server had room within 0.5 s", Bound);
        await Exchange.PingAsync(first, Limit);
    }

    [Fact]
    public async Task A_check_that_sends_and_expects_finds_what_the_server_answers()
    {
        await using var echoing = TcpPeer.Echo();
        await using var digesting = TcpPeer.Digesting();
        await using var relay = await StartAsync(
            "--to", echoing.Address.ToString(), "--to", digesting.Address.ToString(),
            "--check", @"send:PING\r\n\,\x21,expect:G\r\n\,!", "--check-interval", "100ms", "--check-timeout", "200ms", "--check-fall", "1");

        await Wait.UntilAsync(
            async () => (await ServersAsync(relay)).Select(server => server.GetProperty("state").GetString()).SequenceEqual(["up", "down"]),
            Bound,
            () => "the one that echoes should be up and the other one down");
        var checks = (await ServersAsync(relay)).Select(server => server.GetProperty("checks").GetProperty("last").GetString());
        Assert.Equal(["its checks pass", "no answer within 0.2 s"], checks);
    }

    [Theory]
    [InlineData("--check", "https:/")]
    [InlineData("--check", "http:/,status=20")]
    [InlineData("--check", @"send:\q,expect:a")]
    [InlineData("--check", "expect:a,within=99999")]
    [InlineData("--check-rise", "0")]
    [InlineData("--on-down", "panic")]
    [InlineData("--eject", "failures=0")]
    [InlineData("--eject", "max=50")]
    [InlineData("--eject", "sometimes")]
    [InlineData("--server-queue", "many")]
    [InlineData("--server-queue", "5,timeout=0s")]
    [InlineData("--slow-start", "10")]
    [InlineData("--retries", "-1")]
    public async Task A_setting_that_cannot_be_read_is_a_usage_error_that_names_it(string option, string value)
    {
        var check = option.StartsWith("--check-", StringComparison.Ordinal) ? new[] { "--check", "tcp" } : [];
        var result = await CommandResult.OfNodeAsync(["relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", option, value, .. check]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(option == "--on-down" ? value : option, result.Errors, StringComparison.Ordinal);
    }

    // A connection that may be reset, or come to the server that echoes.
    private async Task TouchAsync(NodeProcess relay)
    {
        try
        {
            using var socket = await Dial.ToAsync(relay.Tcp);
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReadToEndAsync(Limit);
        }
        catch (SocketException)
        {
            // The reset was there before the end of the connect.
        }
    }

    private static async Task<IReadOnlyList<JsonElement>> ServersAsync(NodeProcess relay) =>
        [.. (await NodeStatus.OfAsync(relay)).Root.GetProperty("upstreams")[0].GetProperty("servers").EnumerateArray()];

    private static Task<NodeProcess> StartAsync(params string[] arguments) =>
        NodeProcess.StartAsync(["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", .. arguments]);
}
