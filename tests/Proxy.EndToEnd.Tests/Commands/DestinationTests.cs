using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary>Where a stream may go, and what the application sees when it may not or cannot.</summary>
[Collection(OnlyWaits.Second)]
public sealed class DestinationTests : EndToEndTest
{
    private static readonly TimeSpan LogBound = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("0.0.0.0/0")]
    public async Task A_destination_that_no_rule_names_is_refused_with_a_reset_and_the_log_says_why(string allowed)
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await TunnelPair.StartServerAsync(port: 0, allowed);
        await using var client = await TunnelPair.StartClientAsync(server.Kcp.Port, echoing.Address);

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Tcp, Limit));
        await client.LogsAsync("not allowed", LogBound);
        Assert.Equal(0, echoing.Accepted);
    }

    [Fact]
    public async Task A_port_outside_the_rule_is_refused()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await TunnelPair.StartServerAsync(port: 0, allowed: "127.0.0.0/8:1");
        await using var client = await TunnelPair.StartClientAsync(server.Kcp.Port, echoing.Address);

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Tcp, Limit));
        Assert.Equal(0, echoing.Accepted);
    }

    [Fact]
    public async Task A_destination_that_nobody_serves_resets_the_connection_and_the_log_says_why()
    {
        var nobody = FreePort.ForTcp();
        await using var tunnel = await TunnelPair.StartAsync(nobody);

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(tunnel.Entry, Limit));
        await tunnel.Client.LogsAsync("refused", LogBound);
    }

    [Fact]
    public async Task A_refused_stream_leaves_the_others_of_its_tunnel_alone()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(echoing.Address, FreePort.ForTcp());
        using var staying = await Dial.ToAsync(tunnel.Client.Entries[0]);
        await Exchange.PingAsync(staying, Limit);

        await Exchange.RefusalAsync(tunnel.Client.Entries[1], Limit);

        await Exchange.PingAsync(staying, Limit);
    }

    [Fact]
    public async Task A_name_is_resolved_by_the_server()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await TunnelPair.StartServerAsync(port: 0);
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{server.Kcp}", "--admin", "127.0.0.1:0",
            "--forward", $"127.0.0.1:0=localhost:{echoing.Address.Port}");

        await Exchange.EchoAsync(client.Tcp, new Content(Seed: 110, 10_000), Limit);
    }

    [Fact]
    public async Task A_server_with_one_fixed_target_needs_no_header_from_the_client()
    {
        await using var digesting = TcpPeer.Digesting();
        await using var server = await NodeProcess.StartAsync(
            "server", "--listen", "kcp://127.0.0.1:0", "--to", digesting.Address.ToString(), "--admin", "127.0.0.1:0");
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{server.Kcp}", "--forward", "127.0.0.1:0=-", "--admin", "127.0.0.1:0");

        for (var power = 0; power <= 20; power += 4)
        {
            await Exchange.UploadAsync(client.Tcp, new Content(power, 1L << power), Limit);
        }
    }

    [Fact]
    public async Task A_connection_made_before_the_server_runs_waits_for_it()
    {
        await using var echoing = TcpPeer.Echo();
        var serverPort = FreePort.ForUdp().Port;
        await using var client = await TunnelPair.StartClientAsync(serverPort, echoing.Address);
        using var application = await Dial.ToAsync(client.Tcp);
        var answer = Exchange.PingAsync(application, Limit);

        await using var server = await TunnelPair.StartServerAsync(serverPort);

        await answer;
    }
}
