using System.Net;
using System.Text.Json;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// Connections in waves (1,500 in all; 10,000 in long runs, at most 4,000 at once) while servers come and go, rules change and limits bite: every
/// digest is right, every refusal is accounted for, and in the end nothing is left.
/// </summary>
public sealed class WaveTests : EndToEndTest
{
    private const int PerSource = 40;
    private const long MostGrowthBytes = 64L << 20;
    private static readonly TimeSpan CleanUpBound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Waves_of_connections_while_servers_rules_and_limits_change()
    {
        using var work = new WorkDirectory();
        var (log, denied) = (work.File("access.log"), work.File("denied"));
        await File.WriteAllTextAsync(denied, "# nobody yet\n", Limit);
        await using var first = TcpPeer.Digesting();
        await using var second = TcpPeer.Digesting();
        var third = TcpPeer.Digesting();
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", $"{first.Address}", "--to", $"{second.Address}", "--to", $"{third.Address}",
            "--balance", "least-connections", "--max-connections-per-ip", $"{PerSource}", "--deny-file", denied, "--access-log", log, "--access-log-format", "json",
            "--connect-timeout", "30s");
        var size = Scale.Pick(300, 2000);

        // The first wave makes the runtime take what it then keeps.
        await ServedWaveAsync(relay, Scale.Pick(300, 4000));
        await NothingIsActiveAsync(relay);
        var (descriptors, memory) = (relay.DescriptorCount, relay.ResidentBytes);

        // Twice as many from each source as may come.
        var crowd = new Wave(relay.Tcp, size, seed => Source(1, seed % (size / (2 * PerSource))));
        await crowd.RunAsync(Limit);
        Assert.Equal(size / (2 * PerSource) * PerSource, crowd.Served);
        Assert.Equal(crowd.Refused, await RefusedAsync(relay, "source_connections"));

        // A server leaves in the middle of a wave and comes back before the next.
        var wave = new Wave(relay.Tcp, size, seed => Source(1, seed % 100));
        var leaving = Task.CompletedTask;
        await wave.RunAsync(Limit, () =>
        {
            leaving = third.LeaveAsync();
            return Task.CompletedTask;
        });
        await leaving;
        Assert.Equal((size, 0), (wave.Served, wave.Refused));
        await ServedWaveAsync(relay, size / 2);
        await using var returned = TcpPeer.Digesting(third.Address);
        await ServedWaveAsync(relay, size / 2);

        // A network is denied while all of a wave are open: they go on; the next from there are refused, the others served.
        var open = new Wave(relay.Tcp, size / 2, seed => Source(2, seed % 100));
        await open.RunAsync(Limit, async () =>
        {
            await File.WriteAllTextAsync(denied, "127.0.2.0/24\n", Limit);
            relay.Send(Signal.HangUp);
            await relay.LogsAsync("read again", CleanUpBound);
        });
        Assert.Equal((size / 2, 0), (open.Served, open.Refused));
        var mixed = new Wave(relay.Tcp, size / 2, seed => Source(1 + (seed % 2), seed % 100));
        await mixed.RunAsync(Limit);
        Assert.Equal((size / 4, size / 4), (mixed.Served, mixed.Refused));
        Assert.Equal(mixed.Refused, await RefusedAsync(relay, "denied"));

        await NothingIsActiveAsync(relay);
        await AllIsAccountedForAsync(relay, log);
        await Wait.UntilAsync(
            () => relay.DescriptorCount <= descriptors && relay.ResidentBytes <= memory + MostGrowthBytes,
            CleanUpBound,
            () => $"{relay.DescriptorCount} descriptors and {relay.ResidentBytes >> 20} MiB, {descriptors} and {memory >> 20} MiB after the first wave");
        Assert.All(new[] { first, second, third, returned }, server => Assert.Empty(server.Failures));
        await third.DisposeAsync();
    }

    private async Task ServedWaveAsync(NodeProcess relay, int count)
    {
        var wave = new Wave(relay.Tcp, count, seed => Source(1, seed % 100));
        await wave.RunAsync(Limit);
        Assert.Equal((count, 0), (wave.Served, wave.Refused));
    }

    /// <summary>Each accepted connection has one line at its end, without a fault; the counts of those and of the refused are the status' own.</summary>
    private static async Task AllIsAccountedForAsync(NodeProcess relay, string log)
    {
        var frontend = (await NodeStatus.OfAsync(relay)).Root.GetProperty("frontends")[0];
        var total = frontend.GetProperty("connections").GetProperty("total").GetInt64();
        await Wait.UntilAsync(
            () => AccessLogLine.ReadAll(log).Count(line => line.Event == "end") == total, CleanUpBound, () => $"the log has no line for each of {total} connections");
        Assert.All(AccessLogLine.ReadAll(log).Where(line => line.Event == "end"), line => Assert.Equal("--", line.Code));
        Assert.Equal(
            frontend.GetProperty("refused").GetInt64(), frontend.GetProperty("refusals").EnumerateArray().Sum(refusal => refusal.GetProperty("count").GetInt64()));
    }

    private static async Task<long> RefusedAsync(NodeProcess relay, string reason) => (await NodeStatus.OfAsync(relay)).Root
        .GetProperty("frontends")[0].GetProperty("refusals").EnumerateArray()
        .Single(refusal => refusal.GetProperty("reason").GetString() == reason).GetProperty("count").GetInt64();

    private static async Task NothingIsActiveAsync(NodeProcess relay)
    {
        JsonElement last = default;
        await Wait.UntilAsync(
            async () =>
            {
                var status = await NodeStatus.OfAsync(relay);
                last = status.Root;
                return status.ActiveConnections == 0;
            },
            CleanUpBound,
            () => $"still active: {last}");
    }

    private static IPAddress Source(int network, int host) => new([127, 0, (byte)network, (byte)(1 + host)]);
}
