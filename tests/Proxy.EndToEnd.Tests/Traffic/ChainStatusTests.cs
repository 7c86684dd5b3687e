using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;
using Proxy.TestKit;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// Each answer that a hop can give, from each place in a chain of three, in a network of the test's own: the headers are written here byte by byte, so that
/// what a real client would not send is sent too.
/// </summary>
[Collection(OnlyWaits.Third)]
public sealed class ChainStatusTests : EndToEndTest
{
    private const byte ToHop = 1;
    private const byte ToDestination = 0;
    private static readonly byte[] Malformed = [1, 1, 0, 4, 9, 9, 9, 9];

    // Places of the network: a hop on each of the first three, and what goes wrong behind them.
    private const string Closed = "10.20.0.9";
    private const string NoRoute = "10.21.0.9";
    private const string Silent = "10.22.0.9";
    private const string Forbidden = "10.23.0.9";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_status_comes_from_each_place_in_a_chain(int place)
    {
        using var network = await NetworkNamespace.CreateAsync();
        await network.ExecuteAsync("ip", "address", "add", "10.20.0.9/16", "dev", "lo");
        await network.ExecuteAsync("ip", "address", "add", "10.23.0.9/16", "dev", "lo");

        // What is sent there comes back as a stranger's, and is dropped.
        await network.ExecuteAsync("ip", "route", "add", "10.22.0.0/16", "dev", "lo");
        using var work = new WorkDirectory();
        using var names = network.Run(() => new NameServer(new UdpClient(new IPEndPoint(IPAddress.Loopback, 5353))));
        await using var origin = network.Run(() => new TcpPeer(TcpPeer.EchoAsync, at: IPEndPoint.Parse("10.20.0.9:80")));
        await CommandResult.OfNodeAsync("keygen", "--out", work.File("key"));
        await using var first = await HopAsync(network, work, 1);
        await using var second = await HopAsync(network, work, 2);
        await using var third = await HopAsync(network, work, 3);
        var hops = (NodeProcess[])[first, second, third];

        (string What, byte[] Last, byte Status)[] cases =
        [
            ("ok", Header("10.20.0.9", 80, ToDestination), 0),
            ("refused", Header(Closed, 9, ToDestination), 1),
            ("unreachable", Header(NoRoute, 9, ToDestination), 2),
            ("timeout", Header(Silent, 9, ToDestination), 3),
            ("name not found", Header("nowhere.test", 9, ToDestination), 4),
            ("not allowed", Header(Forbidden, 9, ToDestination), 5),
            ("loop", Header($"127.0.0.{place}", 4000, ToDestination), 6),
            ("malformed", Malformed, 7),
        ];
        foreach (var (what, last, status) in cases)
        {
            Assert.Equal($"{what}: {Answers(place, status)}", $"{what}: {await AskAsync(network, place, 4000, last)}");
        }

        // At the place where sealed headers are wanted.
        Assert.Equal(Answers(place, 8), await AskAsync(network, place, 4001, Header("10.20.0.9", 80, ToDestination)));
        Assert.Contains(hops[place - 1].Log, line => line.Contains("10.20.0.9:9: connection refused", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_hop_that_has_no_place_left_says_busy_from_each_place(int place)
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        await CommandResult.OfNodeAsync("keygen", "--out", work.File("key"));
        var hops = new List<NodeProcess>();
        try
        {
            for (var hop = 1; hop <= 3; hop++)
            {
                string[] limit = hop == place ? ["--principal", "default max-streams=1"] : [];
                hops.Add(await NodeProcess.StartAsync(
                    ["server", "--listen", "chain://127.0.0.1:0", "--key-file", work.File("key"), "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0", .. limit]));
            }

            string[] via = [.. hops.SelectMany(hop => (string[])["--via", $"chain://{hop.Chains}?key-file={work.File("key")}"])];
            await using var client = await NodeProcess.StartAsync(["client", .. via, "--forward", $"127.0.0.1:0={echo.Address}", "--admin", "127.0.0.1:0"]);
            using var held = await Dial.ToAsync(client.Tcp);
            await Exchange.PingAsync(held, Limit);

            Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Tcp, Limit));
            await client.LogsAsync($"hop {place} ({hops[place - 1].Chains}) answered busy", TimeSpan.FromSeconds(15));
        }
        finally
        {
            foreach (var hop in hops)
            {
                await hop.DisposeAsync();
            }
        }
    }

    private static async Task<NodeProcess> HopAsync(NetworkNamespace network, WorkDirectory work, int place)
    {
        var file = work.File($"hop-{place}.conf");
        await File.WriteAllTextAsync(
            file,
            $$"""
              tcpproxy {
                admin.listen = "127.0.0.1:{{9900 + place}}"
                log.level = debug
                dns.servers = ["127.0.0.1:5353"]
                servers {
                  open { listen = ["chain://127.0.0.{{place}}:4000"], timeouts.connect = 1s, destinations { allow = ["0.0.0.0/0", "127.0.0.0/8"], deny = ["10.23.0.0/16"] } }
                  sealed { listen = ["chain://127.0.0.{{place}}:4001?key-file={{work.File("key")}}"], destinations.allow = ["0.0.0.0/0"] }
                }
              }
              """);

        // The first takes headers without a seal, as it has no key.
        return await NodeProcess.StartByAsync(
            Executables.RequirePeer("nsenter"), network.Enter(Executables.RequirePeer("env"), "-u", "TCPPROXY_KEY", Executables.Node, "run", "-c", file));
    }

    private static string Answers(int place, byte last) => string.Join(' ', Enumerable.Repeat((byte)0, place - 1).Append(last));

    /// <summary>The statuses that came back from a chain whose last hop is given that header.</summary>
    private async Task<string> AskAsync(NetworkNamespace network, int place, int port, byte[] last)
    {
        using var socket = await OpenAsync(network, place, port, last);
        return await ReadAnswersAsync(socket, place);
    }

    private async Task<Socket> OpenAsync(NetworkNamespace network, int place, int port, byte[] last)
    {
        var headers = new List<byte>();
        for (var hop = 2; hop <= place; hop++)
        {
            headers.AddRange(Header($"127.0.0.{hop}", hop == place ? port : 4000, ToHop));
        }

        headers.AddRange(last);
        var socket = network.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await socket.ConnectAsync(IPEndPoint.Parse($"127.0.0.1:{(place == 1 ? port : 4000)}"), Limit);
        await socket.SendAllAsync(headers.ToArray(), Limit);
        return socket;
    }

    private async Task<string> ReadAnswersAsync(Socket socket, int place)
    {
        var statuses = new List<int>();
        while (statuses.Count < place)
        {
            var head = await socket.ReadExactlyAsync(4, Limit);
            await socket.ReadExactlyAsync(BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)), Limit);
            statuses.Add(head[1]);
            if (head[1] != 0)
            {
                break;
            }
        }

        return string.Join(' ', statuses);
    }

    // version, command, length of the rest, address as in SOCKS5, port, kind
    private static byte[] Header(string host, int port, byte kind)
    {
        byte[] address = IPAddress.TryParse(host, out var ip) ? [1, .. ip.GetAddressBytes()] : [3, (byte)host.Length, .. Encoding.ASCII.GetBytes(host)];
        byte[] rest = [.. address, (byte)(port >> 8), (byte)port, kind];
        return [1, 1, (byte)(rest.Length >> 8), (byte)rest.Length, .. rest];
    }
}
