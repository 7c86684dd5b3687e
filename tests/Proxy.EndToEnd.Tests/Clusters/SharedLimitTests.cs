using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Clusters;

/// <summary>Connections that all nodes together may have at their frontends of one name.</summary>
public sealed class SharedLimitTests : EndToEndTest
{
    private const int Maximum = 40;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(40);

    private readonly WorkDirectory _work = new();

    [Fact]
    public async Task Two_relays_have_no_more_together_than_the_limit_and_who_needs_more_gets_it()
    {
        await using var echo = TcpPeer.Echo();
        var endpoint = $"http://{FreePort.ForTcp()}";
        await using var seed = await NodeProcess.StartByAsync(Executables.Seed, ["--listen", endpoint]);
        await using var first = await StartRelayAsync("relay-1", endpoint, echo.Address);
        await using var second = await StartRelayAsync("relay-2", endpoint, echo.Address);
        await Wait.UntilAsync(
            async () => await ShareAsync(first) is > 0 and < Maximum && await ShareAsync(second) is > 0 and < Maximum, Bound, () => "the limit was not divided");

        var held = new Dictionary<NodeProcess, List<Socket>> { [first] = [], [second] = [] };
        try
        {
            await Wait.UntilAsync(
                async () =>
                {
                    await TryOneMoreAsync(first, held);
                    await TryOneMoreAsync(second, held);
                    Assert.InRange(held.Values.Sum(sockets => sockets.Count), 0, Maximum);
                    return held.Values.Sum(sockets => sockets.Count) >= Maximum * 95 / 100;
                },
                Bound,
                () => $"only {held[first].Count} and {held[second].Count} got in");

            held[first].ForEach(socket => socket.Dispose());
            held[first].Clear();
            await Wait.UntilAsync(
                async () =>
                {
                    await TryOneMoreAsync(second, held);
                    Assert.InRange(held[second].Count, 0, Maximum);
                    return held[second].Count >= Maximum * 9 / 10;
                },
                Bound,
                () => $"only {held[second].Count} got in");
        }
        finally
        {
            foreach (var socket in held.Values.SelectMany(sockets => sockets))
            {
                socket.Dispose();
            }
        }
    }

    [Fact]
    public async Task Any_node_shows_the_whole_cluster()
    {
        await using var echo = TcpPeer.Echo();
        var endpoint = $"http://{FreePort.ForTcp()}";
        await using var seed = await NodeProcess.StartByAsync(Executables.Seed, ["--listen", endpoint]);
        await using var first = await StartRelayAsync("relay-1", endpoint, echo.Address);
        await using var second = await StartRelayAsync("relay-2", endpoint, echo.Address);
        await Wait.UntilAsync(async () => await ShareAsync(first) is > 0 and < Maximum && await ShareAsync(second) is > 0 and < Maximum, Bound, () => "the limit was not divided");
        await using var busy = new OpenTransferLoop(first.Entries[0], Limit);

        var text = "";
        await Wait.UntilAsync(
            async () =>
            {
                var shown = await CommandResult.OfNodeAsync("status", "--cluster", "--admin", second.Admin.ToString());
                Assert.Equal(0, shown.ExitCode);
                text = shown.Output;
                return text.Contains("busiest source", StringComparison.Ordinal);
            },
            Bound,
            () => $"nobody is busy: {text}");
        Assert.All(
            ["relay-1", "relay-2", "127.0.0.1", "frontend:web", "2 members"],
            part => Assert.Contains(part, text, StringComparison.Ordinal));

        var limit = (await NodeStatus.OfAsync(second, "?cluster=true")).Root.GetProperty("cluster").GetProperty("limits")[0];
        Assert.Equal(["relay-1", "relay-2"], limit.GetProperty("shares").EnumerateArray().Select(share => share.GetProperty("node").GetString()).Order());
        var metrics = await NodeStatus.MetricsOfAsync(second);
        Assert.All(
            ["tcpproxy_cluster_engine_stale 0", "tcpproxy_cluster_members{state=\"up\"} 2", "tcpproxy_cluster_limit{limit=\"frontend:web\"} 40", "tcpproxy_cluster_member_streams{member=\"relay-1\"}"],
            part => Assert.Contains(part, metrics, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_source_that_is_banned_at_one_node_is_turned_away_at_all_until_the_ban_is_ended()
    {
        await using var echo = TcpPeer.Echo();
        var endpoint = $"http://{FreePort.ForTcp()}";
        await using var seed = await NodeProcess.StartByAsync(Executables.Seed, ["--listen", endpoint]);
        await using var first = await StartRelayAsync("relay-1", endpoint, echo.Address);
        await using var second = await StartRelayAsync("relay-2", endpoint, echo.Address);
        var held = new Dictionary<NodeProcess, List<Socket>> { [first] = [], [second] = [] };
        async Task<bool> IsServedAsync(NodeProcess node)
        {
            var before = held[node].Count;
            await TryOneMoreAsync(node, held);
            return held[node].Count > before;
        }

        try
        {
            await Wait.UntilAsync(async () => await IsServedAsync(first) && await IsServedAsync(second), Bound, () => "nobody is served");
            Assert.Equal(0, (await CommandResult.OfNodeAsync("ban", "127.0.0.1", "--for", "10m", "--why", "a test", "--admin", first.Admin.ToString())).ExitCode);
            Assert.False(await IsServedAsync(first));
            await Wait.UntilAsync(async () => !await IsServedAsync(second), Bound, () => "the other node serves it");
            await second.LogsAsync("its address is banned: a test", Bound);

            Assert.Equal(0, (await CommandResult.OfNodeAsync("unban", "127.0.0.1", "--admin", second.Admin.ToString())).ExitCode);
            await Wait.UntilAsync(async () => await IsServedAsync(first) && await IsServedAsync(second), Bound, () => "the ban goes on");
        }
        finally
        {
            foreach (var socket in held.Values.SelectMany(sockets => sockets))
            {
                socket.Dispose();
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        _work.Dispose();
        base.Dispose(disposing);
    }

    private async Task<NodeProcess> StartRelayAsync(string name, string endpoint, IPEndPoint target)
    {
        var file = _work.File($"{name}.conf");
        await File.WriteAllTextAsync(file, $$"""
            tcpproxy {
              node { name = {{name}}, state-directory = "{{name}}" }
              cluster { endpoints = ["{{endpoint}}"] }
              upstreams { echo { servers = ["{{target}}"] } }
              frontends { web { listen = "tcp://127.0.0.1:0", upstream = echo, limits { cluster-connections = {{Maximum}} } } }
              admin { listen = "127.0.0.1:0" }
            }
            """);
        return await NodeProcess.StartAsync("run", "-c", file);
    }

    private static async Task<long> ShareAsync(NodeProcess node) =>
        (await NodeStatus.OfAsync(node)).Root.GetProperty("cluster").GetProperty("limits")[0].GetProperty("share").GetInt64();

    private async Task TryOneMoreAsync(NodeProcess node, Dictionary<NodeProcess, List<Socket>> held)
    {
        Socket? socket = null;
        try
        {
            socket = await Dial.ToAsync(node.Entries[0]);
            await socket.SendAllAsync(new byte[] { 1 }, Limit);
            if (await socket.ReceiveAsync(new byte[1], Limit) == 1)
            {
                held[node].Add(socket);
                return;
            }
        }
        catch (SocketException)
        {
            // Turned away.
        }

        socket?.Dispose();
    }

    /// <summary>One connection that is never idle.</summary>
    private sealed class OpenTransferLoop : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop;
        private readonly Task _running;

        public OpenTransferLoop(IPEndPoint entry, CancellationToken limit)
        {
            _stop = CancellationTokenSource.CreateLinkedTokenSource(limit);
            _running = RunAsync(entry);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }

        private async Task RunAsync(IPEndPoint entry)
        {
            try
            {
                using var socket = await Dial.ToAsync(entry);
                while (true)
                {
                    await socket.SendAllAsync(new byte[10_000], _stop.Token);
                    await socket.ReadExactlyAsync(10_000, _stop.Token);
                    await Wait.PauseOfLoadAsync(TimeSpan.FromMilliseconds(10));
                }
            }
            catch (OperationCanceledException)
            {
                // Enough.
            }
        }
    }
}
