using System.Diagnostics;
using System.Net;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Strangers send garbage, cut and foreign datagrams to both UDP ports (for 2 s, 10 s in long runs), and nobody's connection notices.</summary>
public abstract class StrangersTests(Dialect dialect) : EndToEndTest
{
    private const long GrowthBytes = 256L * 1024 * 1024;
    private static readonly TimeSpan Duration = Scale.Seconds(inEveryRun: 2, inLongRuns: 10);

    [Fact]
    public async Task Garbage_at_both_udp_ports_ends_no_tunnel_and_fails_no_connection()
    {
        await using var echoing = TcpPeer.Echo();
        await using var digesting = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(dialect, echoing.Address, digesting.Address);
        using var lasting = await Dial.ToAsync(tunnel.Client.Entries[0]);
        await Exchange.PingAsync(lasting, Limit);
        var residentBefore = tunnel.Server.ResidentBytes;
        var watch = Stopwatch.StartNew();

        var flood = DatagramFlood.RunAsync(UdpPortsOf(tunnel), Duration, seed: 60);
        var transfers = 0;
        for (; watch.Elapsed < Duration; transfers++)
        {
            await Exchange.UploadAsync(tunnel.Client.Entries[1], new Content(transfers, 300_000), Limit);
            await Exchange.PingAsync(lasting, Limit);
        }

        Assert.True(await flood > 1000, "hardly anything was sent");
        Assert.True(transfers > 0, "nothing was transferred meanwhile");
        await Exchange.PingAsync(lasting, Limit);
        Assert.Empty(digesting.Failures);
        var growth = tunnel.Server.ResidentBytes - residentBefore;
        Assert.True(growth < GrowthBytes, $"the server grew by {growth} bytes");
    }

    [Fact]
    public async Task A_client_is_served_while_strangers_send_from_before_its_first_datagram()
    {
        await using var digesting = TcpPeer.Digesting();
        await using var server = await TunnelPair.StartServerAsync(dialect, port: 0);

        var flood = DatagramFlood.RunAsync([server.Kcp], Duration, seed: 61);
        await using var client = await TunnelPair.StartClientAsync(dialect, server.Kcp.Port, digesting.Address);
        await Exchange.UploadAsync(client.Tcp, new Content(Seed: 62, 1_000_000), Limit);
        await flood;

        await Exchange.UploadAsync(client.Tcp, new Content(Seed: 63, 1_000_000), Limit);
    }

    private static IReadOnlyList<IPEndPoint> UdpPortsOf(TunnelPair tunnel)
    {
        var ports = ProcessFacts.UdpPorts(tunnel.Client.Id);
        Assert.NotEmpty(ports);
        return [tunnel.Server.Kcp, .. ports.Select(port => new IPEndPoint(IPAddress.Loopback, port))];
    }
}

public sealed class VproxyStrangersTests() : StrangersTests(Dialect.Vproxy);

public sealed class NativeStrangersTests() : StrangersTests(Dialect.Native);
