using System.Net;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary>An upgrade: a new process takes the listening sockets of the one that runs, and nobody notices.</summary>
[Collection(OnlyWaits.Second)]
public sealed class HandOverTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Not_one_connection_is_refused_or_reset_while_one_process_after_the_other_takes_over()
    {
        using var directory = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        var arguments = new[]
        {
            "relay", "--listen", "127.0.0.1:0", "--to", $"{echo.Address}", "--admin", "127.0.0.1:0", "--hand-over", directory.File("hand-over"), "--drain", "60s",
        };
        var nodes = new List<NodeProcess> { await NodeProcess.StartAsync(arguments) };
        try
        {
            var entry = nodes[0].Tcp;
            await using var load = new SteadyLoad(entry, perSecond: 200, atOnce: 100, Limit);
            load.Start();
            var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var transfers = Enumerable.Range(0, Scale.Pick(10, 100)).Select(seed => Exchange.EchoAsync(
                entry, new Content(seed, Scale.Pick(500_000, 5_000_000)), Limit, () => release.Task)).ToArray();
            for (var upgrade = 0; upgrade < Scale.Pick(3, 10); upgrade++)
            {
                var before = load.Done;
                await Wait.UntilAsync(() => load.Done >= before + 100, Bound, () => $"only {load.Done - before} connections more");
                nodes.Add(await NodeProcess.StartAsync(arguments));
                Assert.Equal((entry, nodes[^2].Admin), (nodes[^1].Tcp, nodes[^1].Admin));
                await nodes[^2].LogsAsync("has taken over", Bound);
            }

            release.SetResult();
            await Task.WhenAll(transfers);
            await load.StopAsync();

            Assert.Empty(load.Failures);
            foreach (var node in nodes.SkipLast(1))
            {
                Assert.Equal(0, await node.ExitAsync(Bound));
            }

            Assert.True(File.Exists(directory.File("hand-over")), "the path of the last process is gone");
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Streams_of_the_old_process_go_on_through_the_sockets_of_the_new_one()
    {
        using var directory = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        string[] arguments =
        [
            "server", "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0",
            "--hand-over", directory.File("hand-over"), "--drain", "60s",
        ];
        await using var old = await NodeProcess.StartAsync(arguments);
        await using var client = await TunnelPair.StartClientAsync(old.Tunnels.Port, echo.Address);
        var entry = client.Entries[0];
        using var living = await Dial.ToAsync(entry);
        await Exchange.PingAsync(living, Limit);
        await using var load = new SteadyLoad(entry, perSecond: 50, atOnce: 50, Limit);
        load.Start();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var transfers = Enumerable.Range(0, Scale.Pick(5, 50)).Select(seed => Exchange.EchoAsync(
            entry, new Content(seed, Scale.Pick(1_000_000, 10_000_000)), Limit, () => release.Task)).ToArray();
        await Wait.UntilAsync(() => load.Done >= 50, Bound, () => $"only {load.Done} connections");

        await using var successor = await NodeProcess.StartAsync(arguments);

        Assert.Equal(old.Tunnels, successor.Tunnels);
        await old.LogsAsync("has taken over", Bound);
        await successor.LogsAsync("is ready", Bound);
        await Exchange.PingAsync(living, Limit);
        release.SetResult();
        await Task.WhenAll(transfers);
        var before = load.Done;
        await Wait.UntilAsync(() => load.Done >= before + 50, Bound, () => $"only {load.Done - before} connections more");
        await load.StopAsync();
        Assert.Empty(load.Failures);
        Assert.False(old.HasExited, "the old process ended, with a stream open");
        living.Close();
        Assert.Equal(0, await old.ExitAsync(Bound));
    }

    [Fact]
    public async Task A_successor_that_cannot_start_changes_nothing()
    {
        using var directory = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string[] common = ["--admin", "127.0.0.1:0", "--hand-over", directory.File("hand-over"), "--to", $"{echo.Address}"];
        await using var node = await NodeProcess.StartAsync(["relay", "--listen", "127.0.0.1:0", .. common]);

        var failed = await CommandResult.OfNodeAsync(["relay", "--listen", $"{taken.LocalEndpoint}", .. common]);

        Assert.Equal(1, failed.ExitCode);
        await node.LogsAsync("did not become ready", Bound);
        await Exchange.EchoAsync(node.Tcp, new Content(1, 100_000), Limit);
        Assert.True(File.Exists(directory.File("hand-over")));
    }

    [Fact]
    public async Task A_path_that_cannot_be_used_is_an_error_that_names_it()
    {
        using var directory = new WorkDirectory();
        var path = directory.File("missing/hand-over");

        var failed = await CommandResult.OfNodeAsync(
            "relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--admin", "127.0.0.1:0", "--hand-over", path);

        Assert.Equal(1, failed.ExitCode);
        Assert.Contains($"cannot listen for a successor at {path}", failed.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sockets_that_the_service_manager_passes_are_used_and_those_that_nobody_asked_for_are_named()
    {
        await using var echo = TcpPeer.Echo();
        var free = FreePort.ForTcp();
        var other = FreePort.ForTcp();

        // What systemd does, by the only shell that can bind: descriptors 3 and 4, and the variables.
        var script = $"""
            import os, socket, sys
            for n, port in enumerate([{free.Port}, {other.Port}]):
                s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", port)); s.listen(16)
                os.dup2(s.fileno(), 20 + n, True); s.detach()
            for n in range(2): os.dup2(20 + n, 3 + n, True)
            os.environ["LISTEN_FDS"] = "2"; os.environ["LISTEN_PID"] = str(os.getpid())
            os.execv(sys.argv[1], sys.argv[1:])
            """;
        await using var node = await NodeProcess.StartByAsync(
            "python3", ["-c", script, Executables.Node, "relay", "--listen", $"{free}", "--to", $"{echo.Address}", "--admin", "127.0.0.1:0"]);

        await node.LogsAsync($"{other} that was passed is not in the settings", Bound);
        await Exchange.EchoAsync(free, new Content(1, 100_000), Limit);
    }
}
