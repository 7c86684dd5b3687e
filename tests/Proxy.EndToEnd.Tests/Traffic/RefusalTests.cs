using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Limits and rules of a relay: who is refused, and that it is counted.</summary>
[Collection(OnlyWaits.First)]
public sealed class RefusalTests : EndToEndTest
{
    [Fact]
    public async Task A_client_beyond_its_limit_is_reset_and_counted_and_served_again_when_one_of_its_connections_has_ended()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", echoing.Address.ToString(), "--max-connections-per-ip", "2");
        using var first = await Dial.ToAsync(relay.Tcp);
        using var second = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(first, Limit);
        await Exchange.PingAsync(second, Limit);

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));

        Assert.Contains("tcpproxy_frontend_refused_total{frontend=\"relay\",reason=\"source_connections\"} 1\n", await MetricsAsync(relay), StringComparison.Ordinal);
        first.Reset();
        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(relay)).ActiveConnections == 1, TimeSpan.FromSeconds(10), () => "the first connection is still counted");
        using var third = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(third, Limit);
    }

    [Theory]
    [InlineData("--deny", "127.0.0.0/8", false)]
    [InlineData("--deny", "192.0.2.0/24", true)]
    [InlineData("--allow", "192.0.2.0/24", false)]
    [InlineData("--allow", "127.0.0.1", true)]
    public async Task Rules_decide_who_is_served(string option, string network, bool isServed)
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync("--to", echoing.Address.ToString(), option, network);

        if (isServed)
        {
            await Exchange.EchoAsync(relay.Tcp, new Content(Seed: 90, 1000), Limit);
        }
        else
        {
            Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));
        }

        var denied = isServed ? 0 : 1;
        Assert.Contains(
            $"tcpproxy_frontend_refused_total{{frontend=\"relay\",reason=\"denied\"}} {denied}\n", await MetricsAsync(relay), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_network_that_cannot_be_read_is_a_usage_error()
    {
        var result = await CommandResult.OfNodeAsync("relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--deny", "10.0.0.1/8");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--deny", result.Errors, StringComparison.Ordinal);
    }

    private async Task<string> MetricsAsync(NodeProcess node)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(node.Admin, "/metrics"), Limit);
    }

    private static Task<NodeProcess> StartAsync(params string[] arguments) =>
        NodeProcess.StartAsync(["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", .. arguments]);
}
