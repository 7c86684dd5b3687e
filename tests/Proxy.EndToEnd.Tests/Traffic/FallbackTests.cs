using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>A server with several addresses: the best that works is used, whatever becomes of the others.</summary>
[Collection(OnlyWaits.Second)]
public sealed class FallbackTests : EndToEndTest
{
    private static readonly TimeSpan FallbackBound = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan ReturnBound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Where_nobody_listens_on_UDP_the_tunnel_goes_over_TCP_and_returns_to_UDP_with_all_streams_intact()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tcpServer = await TunnelPair.StartServerAsync(Dialect.NativeTcp, port: 0);
        var udp = FreePort.ForUdp();
        await using var client = await StartClientAsync($"kcp://{udp},tcp://{tcpServer.Tunnels}", echoing.Address);

        await UsesAsync(client, "tcp", FallbackBound);
        using var application = await Dial.ToAsync(client.Entries[0]);
        await Exchange.PingAsync(application, Limit);
        await using var kcpServer = await TunnelPair.StartServerAsync(Dialect.Native, udp.Port);
        await UsesAsync(client, "kcp", ReturnBound);

        await Exchange.PingAsync(application, Limit);
        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 1, 1_000_000), Limit);
        await Exchange.PingAsync(application, Limit);
        Assert.Equal(1, (await NodeStatus.OfAsync(tcpServer)).ActiveStreams);
        Assert.True((await NodeStatus.OfAsync(kcpServer)).TotalStreams >= 1);
        application.Shutdown(SocketShutdown.Send);
        Assert.Equal(SocketError.Success, (await application.ReadToEndAsync(Limit)).End);
        await Wait.UntilAsync(async () => (await NodeStatus.OfAsync(client)).Tunnels.Count == 1, ReturnBound, () => "the tunnel over TCP does not end");
    }

    [Fact]
    public async Task A_UDP_port_that_swallows_everything_costs_a_few_seconds()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tcpServer = await TunnelPair.StartServerAsync(Dialect.NativeTcp, port: 0);
        using var swallowing = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        swallowing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var client = await StartClientAsync($"kcp://{swallowing.LocalEndPoint},tcp://{tcpServer.Tunnels}", echoing.Address);

        await UsesAsync(client, "tcp", FallbackBound);
        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 2, 1_000_000), Limit);
    }

    [Fact]
    public async Task A_server_that_falls_silent_on_UDP_is_reached_over_TCP_meanwhile()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tcpServer = await TunnelPair.StartServerAsync(Dialect.NativeTcp, port: 0);
        await using var kcpServer = await TunnelPair.StartServerAsync(Dialect.Native, port: 0);
        await using var client = await StartClientAsync($"kcp://{kcpServer.Tunnels},tcp://{tcpServer.Tunnels}", echoing.Address);
        await UsesAsync(client, "kcp", FallbackBound);
        using var application = await Dial.ToAsync(client.Entries[0]);
        await Exchange.PingAsync(application, Limit);

        kcpServer.Send(Signal.Stop);
        var waiting = Exchange.PingAsync(application, Limit);
        await UsesAsync(client, "tcp", FallbackBound);
        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 3, 100_000), Limit);
        kcpServer.Send(Signal.Continue);

        await waiting;
        await UsesAsync(client, "kcp", ReturnBound);
    }

    [Fact]
    public async Task Several_connections_are_several_tunnels_to_one_server()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await TunnelPair.StartServerAsync(Dialect.NativeTcp, port: 0);
        await using var client = await StartClientAsync($"tcp://{server.Tunnels}", echoing.Address, "--connections", "3");

        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(server)).Tunnels.Count == 3, FallbackBound, () => "there are not three tunnels");
        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 4, 100_000), Limit);
    }

    [Fact]
    public async Task A_client_that_does_not_trust_the_certificate_says_why_and_sends_nothing()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await TunnelPair.StartServerAsync(Dialect.NativeTls, port: 0);
        await using var client = await StartClientAsync($"tls://{server.Tunnels}", echoing.Address);

        await Wait.UntilAsync(() => client.Log.Any(line => line.Contains("certificate")), FallbackBound, () => string.Join('\n', client.Log));
        Assert.Empty((await NodeStatus.OfAsync(server)).Tunnels);
    }

    [Fact]
    public async Task Who_sits_between_with_a_good_certificate_of_his_own_and_passes_the_handshake_on_is_found_out_and_reads_nothing()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await TunnelPair.StartServerAsync(Dialect.NativeTls, port: 0);
        await using var between = new ManBetween(server.Tunnels);
        await using var client = await StartClientAsync(
            $"tls://{between.Address}", echoing.Address, "--tls-ca", SharedCertificates.Authority);

        await Wait.UntilAsync(
            () => client.Log.Any(line => line.Contains("the two ends see different certificates")), FallbackBound, () => string.Join('\n', client.Log));
        Assert.DoesNotContain(client.Log, line => line.Contains("is ready"));
        Assert.True(between.Connections > 0);
    }

    private static Task<NodeProcess> StartClientAsync(string servers, IPEndPoint target, params string[] more) => NodeProcess.StartAsync(
        ["client", "--server", servers, "--forward", $"127.0.0.1:0={target}", "--admin", "127.0.0.1:0", .. more]);

    /// <summary>Whether new streams go over that transport.</summary>
    private static Task UsesAsync(NodeProcess client, string scheme, TimeSpan bound) => Wait.UntilAsync(
        () => client.Log.LastOrDefault(line => line.Contains("new streams go over")) is { } line && line.Contains($"go over {scheme}://"),
        bound,
        () => string.Join('\n', client.Log));
}
