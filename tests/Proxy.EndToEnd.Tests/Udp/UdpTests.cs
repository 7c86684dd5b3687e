using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Proxies;

namespace Proxy.EndToEnd.Tests.Udp;

/// <summary>Datagrams through real processes.</summary>
[Collection(OnlyWaits.Second)]
public sealed class UdpTests : EndToEndTest
{
    [Theory]
    [InlineData("kcp")]
    [InlineData("tcp")]
    public async Task Datagrams_of_all_sizes_come_back_from_the_address_that_was_asked(string scheme)
    {
        using var echo = new UdpEcho();
        var entry = FreePort.ForUdp();
        await using var server = await ServerAsync(scheme);
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"{scheme}://{server.Tunnels}", "--forward-udp", $"0.0.0.0:{entry.Port}={echo.Address}", "--admin", "127.0.0.1:0");

        // A connected socket hears none but whom it asks: an answer from another of our addresses would be lost.
        using var one = Connect("127.0.0.1", entry.Port);
        using var other = Connect("127.0.0.2", entry.Port);
        foreach (var bytes in (int[])[1, 512, 1200, 1472, 9000])
        {
            Assert.Equal(Datagram(bytes), await AskAsync(one, Datagram(bytes)));
            Assert.Equal(Datagram(bytes), await AskAsync(other, Datagram(bytes)));
        }

        var status = await NodeStatus.OfAsync(client);
        Assert.Equal(2, status.ActiveConnections);
    }

    [Fact]
    public async Task An_upstream_of_two_servers_is_asked_without_a_tunnel()
    {
        using var work = new WorkDirectory();
        using var first = new UdpEcho();
        using var second = new UdpEcho();
        var file = work.File("udp.conf");
        await File.WriteAllTextAsync(
            file,
            $$"""
            tcpproxy {
              admin.listen = "127.0.0.1:0"
              upstreams { echo { servers = ["{{first.Address}}", "{{second.Address}}"] } }
              frontends { dns { listen = "udp://[::1]:0", upstream = echo, idle = 1s } }
            }
            """,
            Limit);
        await using var node = await NodeProcess.StartAsync("run", "--config", file);
        var entry = node.Listening.Single(address => address.Scheme == "udp");

        for (var count = 0; count < 4; count++)
        {
            using var socket = Connect("::1", entry.Port);
            Assert.Equal(Datagram(100), await AskAsync(socket, Datagram(100)));
        }

        // Each sender is forgotten after the second that was asked for.
        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(node)) is { ActiveConnections: 0 },
            TimeSpan.FromSeconds(20),
            () => string.Join('\n', node.Log));
        var status = await NodeStatus.OfAsync(node);
        Assert.Equal(4, status.Root.GetProperty("connections").GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task Python_s_own_library_sends_datagrams_through_SOCKS_and_hears_from_whom_it_asked()
    {
        using var echo = new UdpEcho();
        await using var pair = await ProxyPair.StartAsync();

        var result = await CommandResult.OfAsync(Executables.RequirePeer("python3"), ["-c", $$"""
            import socket, struct
            entry, echo = ('{{pair.Entry.Address}}', {{pair.Entry.Port}}), {{echo.Address.Port}}
            tcp = socket.create_connection(entry, timeout=20)
            tcp.sendall(b'\x05\x01\x00')
            assert tcp.recv(2) == b'\x05\x00'
            tcp.sendall(b'\x05\x03\x00\x01' + bytes(6))
            answer = tcp.recv(10)
            assert answer[:4] == b'\x05\x00\x00\x01', answer
            relay = (socket.inet_ntoa(answer[4:8]), struct.unpack('>H', answer[8:])[0])
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.settimeout(20)
            by_address = b'\x00\x00\x00\x01' + socket.inet_aton('127.0.0.1') + struct.pack('>H', echo)
            by_name = b'\x00\x00\x00\x03\x09localhost' + struct.pack('>H', echo)
            for header in (by_address, by_name):
                udp.sendto(b'\x00\x00\x01' + header[3:] + b'a fragment', relay)
                udp.sendto(header + b'hello', relay)
                heard, source = udp.recvfrom(2000)
                assert heard == header + b'hello', heard
                assert source == relay, source
            tcp.close()
            print('heard')
            """]);

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal("heard", result.Output.Trim());
        await pair.Client.LogsAsync("2 were fragments or without header", TimeSpan.FromSeconds(20));
        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(pair.Client)) is { ActiveConnections: 0 }, TimeSpan.FromSeconds(20), () => string.Join('\n', pair.Client.Log));
    }

    [Fact]
    public async Task A_real_name_server_is_asked_through_frontend_and_tunnel()
    {
        var address = FreePort.ForUdp();
        await using var names = await PeerProcess.StartAsync(
            "dnsmasq",
            ["--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", $"--port={address.Port}", "--listen-address=127.0.0.1", "--bind-interfaces",
                "--address=/example.test/192.0.2.7"],
            address);
        await using var server = await ServerAsync("kcp");
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{server.Tunnels}", "--forward-udp", $"127.0.0.1:0={address}", "--admin", "127.0.0.1:0");
        var entry = client.Listening.Single(listening => listening.Scheme == "udp");

        var answer = await CommandResult.OfAsync(
            Executables.RequirePeer("dig"), ["+short", "+time=5", "+tries=3", "@127.0.0.1", "-p", $"{entry.Port}", "www.example.test", "A"]);

        Assert.Equal("192.0.2.7", answer.Output.Trim());
    }

    [Fact]
    public async Task Thousands_of_senders_are_served_and_forgotten_without_a_trace()
    {
        var senders = Scale.Pick(300, 8000);
        using var echo = new UdpEcho();
        await using var server = await ServerAsync("kcp", "--udp-idle", "3s");
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{server.Tunnels}", "--forward-udp", $"127.0.0.1:0={echo.Address}", "--udp-idle", "3s", "--admin", "127.0.0.1:0");
        var entry = client.Listening.Single(listening => listening.Scheme == "udp");
        using (var first = Connect("127.0.0.1", entry.Port))
        {
            await AskAsync(first, Datagram(10));
        }

        await AllGoneAsync(client, server);
        var before = (client.DescriptorCount, server.DescriptorCount);
        for (var count = 0; count < senders; count++)
        {
            // Each from an address of its own: the system may give a port a second time while its sender is remembered.
            using var socket = new UdpClient(new IPEndPoint(new IPAddress([127, 1, (byte)(count / 250), (byte)((count % 250) + 1)]), 0));
            socket.Connect(IPAddress.Loopback, entry.Port);
            Assert.Equal(Datagram(100), await AskAsync(socket, Datagram(100)));
        }

        await AllGoneAsync(client, server);
        Assert.Equal(before, (client.DescriptorCount, server.DescriptorCount));
        Assert.Equal(senders + 1, (await NodeStatus.OfAsync(client)).Root.GetProperty("connections").GetProperty("total").GetInt64());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_server_is_asked_through_three_hops(bool beginsWithTunnel)
    {
        var address = FreePort.ForUdp();
        using var work = new WorkDirectory();
        await using var names = await PeerProcess.StartAsync(
            "dnsmasq",
            ["--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", $"--port={address.Port}", "--listen-address=127.0.0.1", "--bind-interfaces",
                "--address=/example.test/192.0.2.7"],
            address);
        await using var first = beginsWithTunnel ? await ServerAsync("kcp") : await HopAsync(work, "first");
        await using var second = await HopAsync(work, "second");
        await using var third = await HopAsync(work, "third");
        await using var client = await NodeProcess.StartAsync(
        [
            "client", .. beginsWithTunnel ? ["--server", $"kcp://{first.Kcp}"] : Via(work, first, "first"), .. Via(work, second, "second"), .. Via(work, third, "third"),
            "--forward-udp", $"127.0.0.1:0={address}", "--admin", "127.0.0.1:0",
        ]);
        var entry = client.Listening.Single(listening => listening.Scheme == "udp");

        var answer = await CommandResult.OfAsync(
            Executables.RequirePeer("dig"), ["+short", "+time=5", "+tries=3", "@127.0.0.1", "-p", $"{entry.Port}", "www.example.test", "A"]);
        await third.KillAsync();
        using var socket = Connect("127.0.0.1", entry.Port);
        await socket.SendAsync(Datagram(100), Limit);

        Assert.Equal("192.0.2.7", answer.Output.Trim());
        await Wait.UntilAsync(
            async () =>
            {
                await socket.SendAsync(Datagram(100), Limit);
                return client.Log.Any(line => line.Contains("hop 3") && line.Contains("refused, says hop 2"));
            },
            TimeSpan.FromSeconds(20),
            () => string.Join('\n', client.Log));
    }

    private static async Task<NodeProcess> HopAsync(WorkDirectory work, string name)
    {
        var made = await CommandResult.OfNodeAsync("keygen", "--out", work.File(name));
        Assert.True(made.ExitCode == 0, made.Errors);
        return await NodeProcess.StartAsync(
            "server", "--listen", $"chain+udp://127.0.0.1:0?key-file={work.File(name)}", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");
    }

    private static string[] Via(WorkDirectory work, NodeProcess hop, string name) =>
        ["--via", $"chain+udp://127.0.0.1:{hop.Listening.Single(address => address.Scheme == "chain+udp").Port}?key-file={work.File(name)}"];

    private static Task<NodeProcess> ServerAsync(string scheme, params string[] more) => NodeProcess.StartAsync(
        ["server", "--listen", $"{scheme}://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0", .. more]);

    private static async Task AllGoneAsync(params NodeProcess[] nodes)
    {
        foreach (var node in nodes)
        {
            await Wait.UntilAsync(
                async () => (await NodeStatus.OfAsync(node)) is { ActiveConnections: 0, ActiveStreams: 0 }, TimeSpan.FromSeconds(30), () => string.Join('\n', node.Log));
        }
    }

    private static UdpClient Connect(string host, int port)
    {
        var address = IPAddress.Parse(host);
        var socket = new UdpClient(address.AddressFamily);
        socket.Connect(address, port);
        return socket;
    }

    /// <summary>Asks again after a second, as those do who speak UDP.</summary>
    private async Task<byte[]> AskAsync(UdpClient socket, byte[] question)
    {
        var answer = socket.ReceiveAsync(Limit).AsTask();
        do
        {
            await socket.SendAsync(question, Limit);
        }
        while (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(1), Limit)) != answer);
        return (await answer).Buffer;
    }

    private static byte[] Datagram(int bytes)
    {
        var datagram = new byte[bytes];
        new Random(bytes).NextBytes(datagram);
        return datagram;
    }
}
