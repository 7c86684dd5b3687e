using System.Text.Json;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

[Collection(OnlyWaits.First)]
public sealed class StatusTests : EndToEndTest
{
    [Fact]
    public async Task Status_as_json_has_the_keys_that_scripts_rely_on()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(echoing.Address);
        using var application = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(application, Limit);

        foreach (var node in new[] { tunnel.Client, tunnel.Server })
        {
            var status = (await NodeStatus.OfAsync(node)).Root;
            Assert.Equal(JsonValueKind.String, status.GetProperty("node").GetProperty("name").ValueKind);
            Assert.Equal(JsonValueKind.String, status.GetProperty("node").GetProperty("state").ValueKind);
            Assert.Equal(JsonValueKind.Array, status.GetProperty("members").ValueKind);
            var link = Assert.Single(status.GetProperty("tunnels").EnumerateArray());
            Assert.Equal("kcp", link.GetProperty("transport").GetString());
            Assert.Contains("127.0.0.1", link.GetProperty("peer").GetString());
            Assert.Equal(JsonValueKind.String, link.GetProperty("state").ValueKind);
            Assert.True(link.GetProperty("rtt_ms").GetDouble() >= 0);
            Assert.Equal(1, link.GetProperty("streams").GetInt64());
            var native = link.GetProperty("native");
            Assert.Equal(8, native.GetProperty("lanes").GetArrayLength());
            Assert.Equal(1, native.GetProperty("lanes").EnumerateArray().Sum(lane => lane.GetProperty("streams").GetInt32()));
            Assert.True(native.GetProperty("mtu").GetInt32() >= 1200);
            Assert.All(
                ["unsent_bytes", "control_frames_waiting", "out_of_order_bytes", "resent_fast", "resent_probe", "datagrams_spurious", "congestion_window_bytes"],
                name => Assert.True(native.GetProperty(name).GetInt64() >= 0, name));
            var totals = status.GetProperty("tunnel_totals");
            Assert.Equal(1, totals.GetProperty("established").GetInt64());
            Assert.Equal(1, totals.GetProperty("opened_by_us").GetInt64() + totals.GetProperty("opened_by_peer").GetInt64());
            Assert.True(totals.GetProperty("counters").GetProperty("datagrams_sent").GetInt64() > 0);
        }
    }

    [Fact]
    public async Task Status_counts_what_is_active_and_what_ever_was()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(echoing.Address);
        await Exchange.EchoAsync(tunnel.Entry, new Content(Seed: 80, 1000), Limit);
        using var application = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(application, Limit);

        NodeStatus? last = null;
        await Wait.UntilAsync(
            async () =>
            {
                last = await NodeStatus.OfAsync(tunnel.Client);
                return last is { ActiveStreams: 1, TotalStreams: 2, ActiveConnections: 1 };
            },
            TimeSpan.FromSeconds(20),
            () => $"one of two connections should be active: {last?.Root}");
    }

    [Fact]
    public async Task Status_for_people_names_the_tunnels_peer()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(echoing.Address);
        await Exchange.EchoAsync(tunnel.Entry, new Content(Seed: 81, 1000), Limit);

        var result = await CommandResult.OfNodeAsync("status", "--admin", tunnel.Client.Admin.ToString());

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Contains(tunnel.Server.Kcp.ToString(), result.Output.Replace("\n", "", StringComparison.Ordinal));
        Assert.Contains("tunnels 1 now, 1 in all", result.Output);
    }

    [Fact]
    public async Task Status_of_a_node_that_does_not_run_fails_with_1_and_names_the_address()
    {
        var nobody = FreePort.ForTcp();

        var result = await CommandResult.OfNodeAsync("status", "--admin", $"http://{nobody}", "--json");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(nobody.ToString(), result.Errors);
        Assert.Empty(result.Output);
    }
}
