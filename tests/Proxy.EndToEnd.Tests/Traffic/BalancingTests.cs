using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Servers behind a relay that come and go, as other processes do: here each is a relay of its own in front of one echoing peer.</summary>
public sealed class BalancingTests : EndToEndTest
{
    [Fact]
    public async Task A_server_that_is_killed_and_started_again_costs_no_connection_that_was_opened_after_the_kill()
    {
        await using var echoing = TcpPeer.Echo();
        var mortalAddress = FreePort.ForTcp();
        await using var lasting = await StartAsync("127.0.0.1:0", "--to", echoing.Address.ToString());
        var mortal = await StartAsync(mortalAddress.ToString(), "--to", echoing.Address.ToString());
        await using var relay = await StartAsync("127.0.0.1:0", "--to", lasting.Tcp.ToString(), "--to", mortalAddress.ToString());
        await ConnectAsync(relay, connections: 20);

        await mortal.KillAsync();
        await mortal.DisposeAsync();
        await ConnectAsync(relay, connections: 40);
        await using var again = await StartAsync(mortalAddress.ToString(), "--to", echoing.Address.ToString());
        await ConnectAsync(relay, connections: 40);

        var servers = (await NodeStatus.OfAsync(relay)).Root.GetProperty("upstreams")[0].GetProperty("servers").EnumerateArray().ToArray();
        Assert.Equal(mortalAddress.ToString(), servers[1].GetProperty("name").GetString());
        Assert.Equal(("ejected", 5), (servers[1].GetProperty("state").GetString(), servers[1].GetProperty("failures").GetInt32()));
    }

    [Fact]
    public async Task Weights_share_the_connections_out_and_a_maximum_makes_the_next_one_wait()
    {
        await using var heavy = TcpPeer.Echo();
        await using var light = TcpPeer.Echo();
        await using var relay = await StartAsync(
            "127.0.0.1:0", "--to", $"{heavy.Address},weight=3,max-connections=3", "--to", $"{light.Address},max-connections=1");
        var sockets = new List<Socket>();
        for (var count = 0; count < 4; count++)
        {
            sockets.Add(await Dial.ToAsync(relay.Tcp));
            await Exchange.PingAsync(sockets[^1], Limit);
        }

        Assert.Equal((3, 1), (heavy.Accepted, light.Accepted));

        using var patient = await Dial.ToAsync(relay.Tcp);
        var pong = Exchange.PingAsync(patient, Limit);
        Assert.False(pong.IsCompleted);
        sockets.ForEach(socket => socket.Dispose());
        await pong;
    }

    [Theory]
    [InlineData("weight=300")]
    [InlineData("max-connections=0")]
    [InlineData("slow")]
    public async Task A_server_that_cannot_be_read_is_a_usage_error(string what)
    {
        var result = await CommandResult.OfNodeAsync("relay", "--listen", "127.0.0.1:0", "--to", $"127.0.0.1:1,{what}");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--to", result.Errors, StringComparison.Ordinal);
    }

    private async Task ConnectAsync(NodeProcess relay, int connections)
    {
        for (var count = 0; count < connections; count++)
        {
            using var socket = await Dial.ToAsync(relay.Tcp);
            await Exchange.PingAsync(socket, Limit);
        }
    }

    private static Task<NodeProcess> StartAsync(string listen, params string[] arguments) =>
        NodeProcess.StartAsync(["relay", "--listen", listen, "--admin", "127.0.0.1:0", .. arguments]);
}
