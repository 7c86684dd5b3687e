using System.Net;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Forward error correction between real processes, over a way that loses datagrams.</summary>
public sealed class ErrorCorrectionTests : EndToEndTest
{
    private const int Bytes = 4_000_000;

    [Fact]
    public async Task What_is_lost_is_made_out_of_the_rest_and_every_byte_is_right()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await StartServerAsync("--fec", "10/3");
        using var path = new LossyPath(server.Kcp, loss: 0.03, seed: 300);
        await using var client = await StartClientAsync(path.Entry, echoing.Address, "--fec", "10/3");

        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 301, Bytes), Limit);

        Assert.True(path.Lost > 0);
        foreach (var node in new[] { client, server })
        {
            var fec = await FecOfAsync(node);
            Assert.Equal(("fixed", true), (fec.GetProperty("mode").GetString(), fec.GetProperty("on").GetBoolean()));
            foreach (var counter in new[] { "groups_sent", "parity_sent", "parity_bytes_sent", "parity_received", "recovered", "recovered_by_peer" })
            {
                Assert.True(fec.GetProperty(counter).GetInt64() > 0, $"{counter}: {fec}");
            }

            Assert.Equal(0, fec.GetProperty("parity_refused").GetInt64());
        }
    }

    [Fact]
    public async Task Each_end_corrects_what_it_sends_by_its_own_setting()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await StartServerAsync();
        using var path = new LossyPath(server.Kcp, loss: 0.03, seed: 310);
        await using var client = await StartClientAsync(path.Entry, echoing.Address, "--fec", "10/3");

        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 311, Bytes), Limit);

        var (sends, takes) = (await FecOfAsync(client), await FecOfAsync(server));
        Assert.Equal(("off", false, 0), (takes.GetProperty("mode").GetString(), takes.GetProperty("on").GetBoolean(), takes.GetProperty("parity_sent").GetInt64()));
        Assert.True(takes.GetProperty("recovered").GetInt64() > 0, $"{takes}");
        Assert.Equal(0, sends.GetProperty("parity_received").GetInt64());
    }

    [Fact]
    public async Task Adaptive_correction_costs_nothing_on_a_short_clean_way()
    {
        await using var echoing = TcpPeer.Echo();
        await using var server = await StartServerAsync("--fec", "adaptive");
        await using var client = await StartClientAsync(server.Kcp, echoing.Address, "--fec", "adaptive");

        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 320, Bytes), Limit);

        var fec = await FecOfAsync(client);
        Assert.Equal(("adaptive", false, 0), (fec.GetProperty("mode").GetString(), fec.GetProperty("on").GetBoolean(), fec.GetProperty("parity_sent").GetInt64()));
    }

    private static async Task<System.Text.Json.JsonElement> FecOfAsync(NodeProcess node) =>
        Assert.Single((await NodeStatus.OfAsync(node)).Tunnels).GetProperty("native").GetProperty("fec");

    private static Task<NodeProcess> StartServerAsync(params string[] options) => NodeProcess.StartAsync(
        ["server", .. options, "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0"]);

    private static Task<NodeProcess> StartClientAsync(IPEndPoint server, IPEndPoint target, params string[] options) => NodeProcess.StartAsync(
        ["client", .. options, "--server", $"kcp://{server}", "--forward", $"127.0.0.1:0={target}", "--admin", "127.0.0.1:0"]);
}
