using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Chains whose hops reach each other through tunnels of their own: kcp, tcp and kcp, one after the other, and who is blamed then.</summary>
[Collection(OnlyWaits.First)]
public sealed class TunnelLegTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Bytes_go_both_ways_and_each_hop_knows_its_own_next_one_alone()
    {
        await using var echo = TcpPeer.Echo();
        await using var hops = await Hops.StartAsync(echo.Address);
        await Exchange.EchoAsync(hops.Client.Entries[0], new Content(Seed: 71, 8_000_000), Limit);

        await hops.First.LogsAsync($"-> {hops.SecondPlace}: completed", Bound);
        await hops.Second.LogsAsync($"-> {hops.ThirdPlace}: completed", Bound);
        await hops.Third.LogsAsync($"-> {echo.Address}: completed", Bound);
        Assert.DoesNotContain(hops.First.Log, line => line.Contains($"{hops.ThirdPlace}", StringComparison.Ordinal));
        Assert.DoesNotContain(hops.First.Log.Concat(hops.Second.Log), line => line.Contains($"-> {echo.Address}", StringComparison.Ordinal));
        Assert.Equal(1, echo.Accepted);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whoever_ends_it_in_the_middle_of_a_transfer_is_named_exactly(int culprit)
    {
        using var leaves = new SemaphoreSlim(0);
        await using var server = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.SendAllAsync(new byte[100_000], cancellation);
            await leaves.WaitAsync(cancellation);
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        });
        await using var hops = await Hops.StartAsync(server.Address);
        using var socket = await Dial.ToAsync(hops.Client.Entries[0]);
        await socket.ReadExactlyAsync(100_000, Limit);

        switch (culprit)
        {
            case 2:
                await hops.Second.KillAsync();
                break;
            case 3:
                await hops.Third.KillAsync();
                break;
            default:
                leaves.Release();
                break;
        }

        Assert.Equal(SocketError.ConnectionReset, (await socket.ReadToEndAsync(Limit)).End);
        var blame = culprit switch
        {
            2 => $"chain broken (reset at or behind hop 2 ({hops.SecondPlace})), fault: tunnel",
            3 => $"chain broken (reset at or behind hop 3 ({hops.ThirdPlace})), fault: tunnel",
            _ => $"reset by the destination {server.Address}",
        };
        await hops.Client.LogsAsync(blame, Bound);
    }

    [Fact]
    public async Task A_hop_without_a_tunnel_to_the_next_one_says_so_in_time_and_goes_on_when_there_is_one()
    {
        await using var echo = TcpPeer.Echo();
        await using var hops = await Hops.StartAsync(echo.Address);
        var place = hops.ThirdPlace;
        await hops.Third.KillAsync();

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(hops.Client.Entries[0], Limit));
        await hops.Client.LogsAsync($"hop 3 ({place}): timed out, says hop 2", Bound);

        await hops.StartThirdAsync(place);
        await Wait.UntilAsync(
            async () =>
            {
                using var socket = await Dial.ToAsync(hops.Client.Entries[0]);
                try
                {
                    await Exchange.PingAsync(socket, Limit);
                    return true;
                }
                catch (Exception failure) when (failure is SocketException or IOException or Xunit.Sdk.XunitException)
                {
                    return false;
                }
            },
            Bound,
            () => "no connection came through");
    }

    /// <summary>A client and three hops, all of them with one key.</summary>
    private sealed class Hops : IAsyncDisposable
    {
        private readonly WorkDirectory _work = new();
        private readonly List<NodeProcess> _nodes = [];

        public NodeProcess First { get; private set; } = null!;

        public NodeProcess Second { get; private set; } = null!;

        public NodeProcess Third { get; private set; } = null!;

        public NodeProcess Client { get; private set; } = null!;

        public IPEndPoint SecondPlace => Second.Tunnels;

        public IPEndPoint ThirdPlace { get; private set; } = null!;

        public static async Task<Hops> StartAsync(IPEndPoint target)
        {
            var hops = new Hops();
            await CommandResult.OfNodeAsync("keygen", "--out", hops._work.File("key"));
            hops.Third = await hops.StartThirdAsync(new IPEndPoint(IPAddress.Loopback, 0));
            hops.ThirdPlace = hops.Third.Kcp;
            hops.Second = await hops.RunAsync("second", "tcp://127.0.0.1:0", $"kcp://{hops.ThirdPlace}");
            hops.First = await hops.RunAsync("first", "kcp://127.0.0.1:0", $"tcp://{hops.SecondPlace}");
            hops.Client = await NodeProcess.StartAsync(
                "client", "--server", $"kcp://{hops.First.Kcp}", "--key-file", hops._work.File("key"), "--via", hops.Url(hops.SecondPlace), "--via", hops.Url(hops.ThirdPlace),
                "--forward", $"127.0.0.1:0={target}", "--admin", "127.0.0.1:0");
            hops._nodes.Add(hops.Client);
            return hops;
        }

        public async Task<NodeProcess> StartThirdAsync(IPEndPoint at)
        {
            var node = await NodeProcess.StartAsync(
                "server", "--listen", $"kcp://{at}", "--key-file", _work.File("key"), "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0", "--log-level", "debug");
            _nodes.Add(node);
            return node;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in Enumerable.Reverse(_nodes))
            {
                await node.DisposeAsync();
            }

            _work.Dispose();
        }

        private string Url(IPEndPoint hop) => $"chain://{hop}?key-file={_work.File("key")}";

        // It may go nowhere but through its leg.
        private async Task<NodeProcess> RunAsync(string name, string listen, string next)
        {
            var file = _work.File($"{name}.conf");
            await File.WriteAllTextAsync(
                file,
                $$"""
                  tcpproxy {
                    key.file = "{{_work.File("key")}}"
                    admin.listen = "127.0.0.1:0"
                    log.level = debug
                    tunnels { next { servers = ["{{next}}"] } }
                    servers { hop { listen = ["{{listen}}"], legs = [next] } }
                  }
                  """);
            var node = await NodeProcess.StartAsync("run", "-c", file);
            _nodes.Add(node);
            return node;
        }
    }
}
