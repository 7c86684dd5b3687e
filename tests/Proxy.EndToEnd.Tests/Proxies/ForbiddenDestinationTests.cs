using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.TestKit;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>
/// A server that may go anywhere, and clients that want to places which "anywhere" does not mean: this machine, its admin address, a metadata service; all
/// in a network of the test's own, where these addresses are nobody's else.
/// </summary>
[Collection(OnlyWaits.First)]
public sealed class ForbiddenDestinationTests : EndToEndTest
{
    private static readonly IPAddress Metadata = IPAddress.Parse("169.254.169.254");

    [Fact]
    public async Task No_way_of_naming_them_leads_to_special_addresses()
    {
        using var network = await NetworkNamespace.CreateAsync();
        await network.ExecuteAsync("ip", "address", "add", "10.9.0.1/24", "dev", "lo");
        await network.ExecuteAsync("ip", "address", "add", $"{Metadata}/32", "dev", "lo");
        var reached = 0;
        await using var onLoopback = OriginAt(network, IPAddress.Loopback, 8080, () => Interlocked.Increment(ref reached));
        await using var onLoopback6 = OriginAt(network, IPAddress.IPv6Loopback, 8080, () => Interlocked.Increment(ref reached));
        await using var metadata = OriginAt(network, Metadata, 80, () => Interlocked.Increment(ref reached));
        var allowed = 0;
        await using var ordinary = OriginAt(network, IPAddress.Parse("10.9.0.1"), 8080, () => Interlocked.Increment(ref allowed));
        var flips = 0;
        using var names = network.Run(() => new NameServer(new UdpClient(new IPEndPoint(IPAddress.Loopback, 5353))));
        names.Say = name => name switch
        {
            "loop.test" => (IPAddress.Loopback, 0),
            "meta.test" => (Metadata, 0),
            "good.test" => (IPAddress.Parse("10.9.0.1"), 0),

            // Another answer each time it is asked for (for both families): what was checked is what is dialled, or one of them would get through.
            "flip.test" => (Interlocked.Increment(ref flips) / 2 % 2 == 0 ? IPAddress.Loopback : IPAddress.Parse("10.9.0.1"), 0),
            _ => null,
        };
        await using var server = await NodeProcess.StartInAsync(
            network, "server", "--listen", "tcp://127.0.0.1:4000", "--allow-destination", "0.0.0.0/0", "--allow-destination", "::/0", "--dns", "127.0.0.1:5353", "--admin", "127.0.0.1:9900");
        await using var client = await NodeProcess.StartInAsync(
            network, "client", "--server", "tcp://127.0.0.1:4000", "--mixed", "127.0.0.1:1080", "--admin", "127.0.0.1:9901");
        string[] forbidden =
        [
            "127.0.0.1:8080", "127.0.0.1:9900", "127.1.2.3:8080", "[::1]:8080", "[::ffff:127.0.0.1]:8080", "[::ffff:7f00:1]:8080", "localhost:8080", "localhost:9900", "loop.test:8080",
            "169.254.169.254", "[::ffff:169.254.169.254]", "meta.test", "[64:ff9b::7f00:1]:8080", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]:8080", "0.0.0.0:8080", "[::]:8080",
        ];

        Assert.Equal("from afar", (await CurlAsync(network, "--socks5-hostname", "good.test:8080")).Output);
        foreach (var destination in forbidden)
        {
            Assert.NotEqual(0, (await CurlAsync(network, "--socks5-hostname", destination)).ExitCode);
            var answer = await CurlAsync(network, "--proxy", destination);
            Assert.DoesNotContain("from afar", answer.Output, StringComparison.Ordinal);
        }

        // The cache keeps an answer for a second at the least; the name means the one or the other from then on.
        await Wait.UntilAsync(
            async () =>
            {
                await CurlAsync(network, "--socks5-hostname", "flip.test:8080");
                return flips >= 8 && allowed > 1;
            },
            TimeSpan.FromSeconds(30),
            () => $"the name was asked for {flips} times, and led {allowed} times to where it may");

        Assert.Equal(0, reached);
        Assert.True(server.Log.Count(line => line.Contains("not allowed") || line.Contains("loop (")) >= forbidden.Length, string.Join('\n', server.Log));
    }

    private static ScriptedOrigin OriginAt(NetworkNamespace network, IPAddress address, int port, Action onReached) => network.Run(() => new ScriptedOrigin(
        async (_, connection) =>
        {
            onReached();
            await connection.HeadAsync();
            await connection.SayAsync("HTTP/1.0 200 OK\r\n\r\nfrom afar");
        },
        new TcpListener(address, port)));

    private static Task<CommandResult> CurlAsync(NetworkNamespace network, string how, string destination) => CommandResult.OfAsync(
        Executables.RequirePeer("nsenter"),
        network.Enter(Executables.RequirePeer("curl"), "--silent", "--show-error", "--noproxy", "", "--max-time", "20", how, "127.0.0.1:1080", $"http://{destination}/"));
}
