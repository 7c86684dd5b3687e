using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Access servers that are themselves reached through a tunnel or a chain, and go on through chains of their own.</summary>
[Collection(OnlyWaits.First)]
public sealed class AccessServerTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_comes_through_a_tunnel_goes_on_through_a_chain()
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        await using var far = await NodeProcess.StartAsync(
            "server", "--listen", "tcp://127.0.0.1:0", "--key-file", await KeyAsync(work), "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0", "--log-level", "debug");
        await using var access = await RunAsync(
            work,
            "access",
            $$"""
              tunnels { far { servers = ["tcp://{{far.Tunnels}}"] } }
              chains { abroad { paths { one { tunnel = far } } } }
              servers { access { listen = ["kcp://127.0.0.1:0"], chain = abroad } }
              """);
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{access.Kcp}", "--key-file", work.File("key"), "--forward", $"127.0.0.1:0={echo.Address}", "--forward", $"127.0.0.1:0={FreePort.ForTcp()}",
            "--admin", "127.0.0.1:0");

        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 72, 5_000_000), Limit);
        await far.LogsAsync($"-> {echo.Address}: completed", Bound);

        // What is answered at once comes in one piece with the last hop's word that the way is open.
        for (var count = 0; count < 50; count++)
        {
            await Exchange.EchoAsync(client.Entries[0], new Content(Seed: count, 1000), Limit);
        }

        // The far end's refusal comes back as one of the access server, which knows more.
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Entries[1], Limit));
        await client.LogsAsync("connection refused", Bound);
        await access.LogsAsync("refused, says hop 1", Bound);
    }

    [Fact]
    public async Task Two_that_go_on_to_each_other_are_a_loop_that_ends()
    {
        using var work = new WorkDirectory();
        await KeyAsync(work);
        IPEndPoint[] places = [FreePort.ForTcp(), FreePort.ForTcp()];
        await using var one = await GoingToAsync(work, "one", places[0], places[1]);
        await using var other = await GoingToAsync(work, "other", places[1], places[0]);
        await using var client = await NodeProcess.StartAsync(
            "client", "--via", $"chain://{places[0]}?key-file={work.File("key")}", "--forward", "127.0.0.1:0=127.0.0.1:9", "--admin", "127.0.0.1:0");

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Entries[0], Limit));
        await client.LogsAsync("loop", Bound);
        Assert.Contains(one.Log.Concat(other.Log), line => line.Contains("the chain may", StringComparison.Ordinal));
    }

    private static Task<NodeProcess> GoingToAsync(WorkDirectory work, string name, IPEndPoint listen, IPEndPoint next) => RunAsync(
        work,
        name,
        $$"""
          chains { on { paths { one { via = ["chain://{{next}}?key-file={{work.File("key")}}"] } } } }
          servers { access { listen = ["chain://{{listen}}"], chain = on } }
          """);

    private static async Task<string> KeyAsync(WorkDirectory work)
    {
        await CommandResult.OfNodeAsync("keygen", "--out", work.File("key"));
        return work.File("key");
    }

    private static async Task<NodeProcess> RunAsync(WorkDirectory work, string name, string settings)
    {
        var file = work.File($"{name}.conf");
        await File.WriteAllTextAsync(file, $$"""tcpproxy { key.file = "{{work.File("key")}}", admin.listen = "127.0.0.1:0", {{settings}} }""");
        return await NodeProcess.StartAsync("run", "-c", file);
    }
}
