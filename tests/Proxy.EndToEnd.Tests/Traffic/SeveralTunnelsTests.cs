using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Several tunnels of one client, on all loops of both ends: in order, through a NAT that forgets, and over a restart of the server.</summary>
[Collection(OnlyWaits.Third)]
public sealed class SeveralTunnelsTests : EndToEndTest
{
    private const int Tunnels = 6;

    [Fact]
    public async Task Streams_of_all_tunnels_outlive_a_NAT_that_gives_their_client_other_ports_in_the_middle()
    {
        await using var digesting = TcpPeer.Digesting();
        await using var server = await TunnelPair.StartServerAsync(port: 0);
        using var path = new RebindingPath(server.Kcp);
        await using var client = await StartClientAsync(path.Entry.Port, digesting);
        await AwaitTunnelsAsync(server);

        for (var round = 0; round < 3; round++)
        {
            var changes = 0;
            var uploads = Enumerable.Range(0, 2 * Tunnels)
                .Select(number => Exchange.UploadAsync(client.Tcp, new Content(number, 2_000_000), Limit, pause: async () =>
                {
                    if (Interlocked.Increment(ref changes) == Tunnels)
                    {
                        path.Rebind();
                    }

                    await Task.Yield();
                }));
            await Task.WhenAll(uploads);
            Assert.True(changes >= Tunnels, "the ports were never changed");
        }

        var status = await NodeStatus.OfAsync(server);
        Assert.Equal(Tunnels, status.Tunnels.Count);
        Assert.Empty(digesting.Failures);
    }

    [Fact]
    public async Task A_server_that_is_killed_and_started_again_has_all_tunnels_back_at_once()
    {
        await using var echoing = TcpPeer.Echo();
        var server = await TunnelPair.StartServerAsync(port: 0);
        var port = server.Kcp.Port;
        await using var client = await StartClientAsync(port, echoing);
        await AwaitTunnelsAsync(server);
        var before = await Task.WhenAll(Enumerable.Range(0, Tunnels).Select(_ => Dial.ToAsync(client.Tcp)));
        await Task.WhenAll(before.Select(socket => Exchange.PingAsync(socket, Limit)));

        await server.KillAsync();
        var ends = await Task.WhenAll(before.Select(socket => socket.ReadToEndAsync(Limit)));
        Assert.All(ends, end => Assert.Equal(SocketError.ConnectionReset, end.End));
        await server.DisposeAsync();
        await using var again = await TunnelPair.StartServerAsync(port);

        await AwaitTunnelsAsync(again);
        var after = await Task.WhenAll(Enumerable.Range(0, 2 * Tunnels).Select(_ => Dial.ToAsync(client.Tcp)));
        await Task.WhenAll(after.Select(socket => Exchange.PingAsync(socket, Limit)));
        Assert.All(before.Concat(after), socket => socket.Dispose());
    }

    [Fact]
    public async Task A_second_server_at_the_same_address_is_refused_though_its_sockets_would_share_it()
    {
        await using var server = await TunnelPair.StartServerAsync(port: 0);
        using var work = new WorkDirectory();
        var key = work.File("key");
        await CommandResult.OfNodeAsync("keygen", "--out", key);

        var second = await CommandResult.OfNodeAsync(
            "server", "--key-file", key, "--state-dir", work.Path, "--listen", $"kcp://127.0.0.1:{server.Kcp.Port}", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains("cannot listen on kcp://", second.Errors, StringComparison.Ordinal);
    }

    private static Task<NodeProcess> StartClientAsync(int serverPort, TcpPeer target) => NodeProcess.StartAsync(
        ["client", "--server", $"kcp://127.0.0.1:{serverPort}", "--connections", $"{Tunnels}", "--forward", $"127.0.0.1:0={target.Address}", "--admin", "127.0.0.1:0"]);

    private static async Task AwaitTunnelsAsync(NodeProcess server)
    {
        var count = 0;
        await Wait.UntilAsync(
            async () => (count = (await NodeStatus.OfAsync(server)).Tunnels.Count) == Tunnels, TimeSpan.FromSeconds(20), () => $"there are {count} tunnels");
    }
}
