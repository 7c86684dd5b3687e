using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Tunnels that give way to others while connections come and go.</summary>
[Collection(OnlyWaits.First)]
public sealed class ReplacementTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("kcp")]
    [InlineData("tcp")]
    public async Task A_server_that_drains_costs_no_connection_where_there_is_another(string scheme)
    {
        await using var echoing = TcpPeer.Echo();
        await using var first = await StartServerAsync(scheme);
        await using var second = await StartServerAsync(scheme);
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"{scheme}://{first.Tunnels}", "--server", $"{scheme}://{second.Tunnels}",
            "--forward", $"127.0.0.1:0={echoing.Address}", "--admin", "127.0.0.1:0");
        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(client)).Tunnels.Count(IsReady) == 2, Bound, () => "there are not two tunnels");
        var isDrained = false;
        var done = 0;
        var callers = Enumerable.Range(0, 8).Select(async caller =>
        {
            // Some before, some across, and some after it.
            for (var call = 0; !isDrained || call < 20; call++)
            {
                await Exchange.EchoAsync(client.Entries[0], new Content(Seed: (100 * caller) + call, 5000), Limit);
                Interlocked.Increment(ref done);
            }
        }).ToArray();
        await Wait.UntilAsync(() => Volatile.Read(ref done) >= 40, Bound, () => $"{done} of 40 calls were made");

        first.Send(Signal.Terminate);
        Assert.Equal(0, await first.ExitAsync(Bound));
        isDrained = true;

        await Task.WhenAll(callers);
        Assert.True(first.Log.Any(line => line.Contains("no more streams are opened")), string.Join('\n', first.Log));
        Assert.True((await NodeStatus.OfAsync(second)).TotalStreams >= 20);
    }

    [Theory]
    [InlineData("kcp")]
    [InlineData("tcp")]
    public async Task Long_streams_live_through_the_replacement_of_their_tunnels(string scheme)
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await StartServerAsync(scheme);
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"{scheme}://{server.Tunnels}", "--renew-after", "1s", "--forward", $"127.0.0.1:0={echoing.Address}",
            "--admin", "127.0.0.1:0");
        var applications = new List<Socket>();
        for (var tunnels = 1; tunnels <= 4; tunnels++)
        {
            await Wait.UntilAsync(async () => await OpenedAsync(client) >= tunnels, Bound, () => $"there was no tunnel {tunnels}");
            applications.Add(await Dial.ToAsync(client.Entries[0]));
            await Exchange.PingAsync(applications[^1], Limit);
        }

        foreach (var application in applications)
        {
            await Exchange.PingAsync(application, Limit);
            application.Shutdown(SocketShutdown.Send);
            Assert.Equal((0L, SocketError.Success), await RestAsync(application));
            application.Dispose();
        }

        Assert.Contains(client.Log, line => line.Contains("another one is made to take its place"));
        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(server)).Tunnels.Count <= 2, Bound, () => "tunnels without streams are still there");
    }

    private async Task<(long Length, SocketError End)> RestAsync(Socket socket)
    {
        var rest = await socket.ReadToEndAsync(Limit);
        return (rest.Length, rest.End);
    }

    private static bool IsReady(System.Text.Json.JsonElement tunnel) => tunnel.GetProperty("state").GetString() == "ready";

    private static async Task<long> OpenedAsync(NodeProcess client) =>
        (await NodeStatus.OfAsync(client)).Root.GetProperty("tunnel_totals").GetProperty("opened_by_us").GetInt64();

    private static Task<NodeProcess> StartServerAsync(string scheme) => NodeProcess.StartAsync(
        "server", "--listen", $"{scheme}://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");
}
