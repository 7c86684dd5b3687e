using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// Forged, replayed, truncated and random datagrams of a real tunnel (40,000; a million in long runs) at both ends while bytes go through it: all arrive, no
/// state is made, and whoever has no key is not answered.
/// </summary>
public sealed class ForgeryTests : EndToEndTest
{
    private const long GrowthBytes = 128L << 20;

    [Fact]
    public async Task Forged_replayed_and_cut_datagrams_make_no_state_and_harm_no_stream()
    {
        await using var echoing = TcpPeer.Echo();
        await using var digesting = TcpPeer.Digesting();
        await using var server = await TunnelPair.StartServerAsync(Dialect.Native, port: 0);
        using var path = new HostilePath(server.Kcp);
        await using var client = await TunnelPair.StartClientAsync(Dialect.Native, path.Entry.Port, echoing.Address, digesting.Address);
        using var lasting = await Dial.ToAsync(client.Entries[0]);
        await Exchange.PingAsync(lasting, Limit);
        await Exchange.UploadAsync(client.Entries[1], new Content(Seed: 1, 3_000_000), Limit);
        Assert.True(path.Remembered > 100, "hardly anything was remembered");
        var resident = server.ResidentBytes;

        var misuse = path.MisuseAsync(Scale.Pick(40_000, 1_000_000), seed: 2);
        var transfers = 0;
        for (; !misuse.IsCompleted || transfers == 0; transfers++)
        {
            await Exchange.UploadAsync(client.Entries[1], new Content(transfers, 300_000), Limit);
            await Exchange.PingAsync(lasting, Limit);
        }

        await misuse;
        await Exchange.PingAsync(lasting, Limit);
        await Exchange.UploadAsync(client.Entries[1], new Content(Seed: 3, 3_000_000), Limit);
        var status = await NodeStatus.OfAsync(server);
        Assert.Equal("ready", Assert.Single(status.Tunnels).GetProperty("state").GetString());
        Assert.Equal(0, path.AnswersToStranger);
        Assert.Empty(digesting.Failures);
        Assert.InRange(server.ResidentBytes - resident, long.MinValue, GrowthBytes);
    }
}
