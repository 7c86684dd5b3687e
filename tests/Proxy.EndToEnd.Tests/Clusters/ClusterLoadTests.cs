using System.Net;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Clusters;

/// <summary>
/// Four servers, and clients that hold long transfers and open connections all the time, while servers come, go and die. The full form has eight clients, 400
/// transfers of 50 KB/s and 500 new connections a second; its output has the figures.
/// </summary>
public sealed class ClusterLoadTests : EndToEndTest
{
    private static readonly int Clients = Scale.Pick(2, 8);
    private static readonly int Transfers = Scale.Pick(40, 400);
    private static readonly int NewPerSecond = Scale.Pick(40, 500);
    private static readonly int TransferSeconds = Scale.Pick(4, 8);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(40);

    // Of new connections that were on a server when it died: some milliseconds of them.
    private static readonly int AtThatMoment = Math.Max(10, NewPerSecond / 20);

    [Fact]
    public async Task Servers_come_go_and_die_under_load()
    {
        await using var echo = TcpPeer.Echo();
        await using var paced = PacedTransfers.Peer();
        await using var cluster = await ClusterProcesses.StartSeedAloneAsync(echo.Address);
        for (var number = 1; number <= 4; number++)
        {
            await cluster.StartServerAsync($"server-{number}");
        }

        for (var number = 1; number <= Clients; number++)
        {
            await cluster.StartClientAsync($"client-{number}", "--cluster", cluster.Endpoint, "--forward", $"127.0.0.1:0={paced.Address}");
        }

        await cluster.TunnelsAsync(3);
        await using var transfers = new PacedTransfers([.. cluster.Clients.Select(client => client.Entries[1])], TransferSeconds, Limit);
        await using var load = new Loads(cluster.Clients.Select(client => client.Entries[0]), NewPerSecond, Limit);
        transfers.Start(Transfers);
        load.Start();
        await Wait.UntilAsync(() => transfers.Open >= Transfers * 9 / 10 && load.Done > NewPerSecond, Bound, () => $"{transfers.Open} transfers are open");

        await SpreadAsync(cluster, transfers, load);
        if (Scale.IsLong)
        {
            await FifthAsync(cluster, transfers, load);
            await DrainAsync(cluster, transfers, load);
            await KillAsync(cluster, transfers, load, "server-1");
            await FreezeAsync(cluster, transfers, load);
            await cluster.StartServerAsync("server-6");
            await HealAsync(cluster, transfers, load);
        }

        await KillAsync(cluster, transfers, load, "server-2", "server-3");
        if (Scale.IsLong)
        {
            await cluster.StartServerAsync("server-2");
            await cluster.StartServerAsync("server-3");
            await HealAsync(cluster, transfers, load);
            await UpgradeAsync(cluster, transfers, load);
        }

        await transfers.StopAsync();
        await load.StopAsync();
    }

    /// <summary>Streams of each server over ten seconds.</summary>
    private static async Task<Dictionary<string, double>> AverageAsync(ClusterProcesses cluster, int seconds)
    {
        var sums = new Dictionary<string, double>();
        for (var count = 0; count < seconds; count++)
        {
            foreach (var (name, streams) in await cluster.StreamsAsync())
            {
                sums[name] = sums.GetValueOrDefault(name) + ((double)streams / seconds);
            }

            await Wait.PauseOfLoadAsync(TimeSpan.FromSeconds(1));
        }

        return sums;
    }

    private static async Task SpreadAsync(ClusterProcesses cluster, PacedTransfers transfers, Loads load)
    {
        // The first connections of a process are the compiler's.
        load.TakeLongest();
        var streams = await AverageAsync(cluster, Scale.Pick(3, 10));
        Say($"spread over 10 s: {Text(streams)}; the longest connection took {load.TakeLongest().TotalMilliseconds:0} ms");
        var tolerance = Scale.Pick(0.4, 0.15);
        Assert.All(streams.Values, value => Assert.InRange(value / streams.Values.Average(), 1 - tolerance, 1 + tolerance));
        Assert.Empty(transfers.Failures.Concat(load.Failures));
    }

    private static async Task FifthAsync(ClusterProcesses cluster, PacedTransfers transfers, Loads load)
    {
        var began = DateTime.UtcNow;
        await cluster.StartServerAsync("server-5");
        await Wait.UntilAsync(
            async () => await cluster.StreamsAsync() is var streams && streams["server-5"] >= 0.85 * streams.Values.Sum() / 5,
            TimeSpan.FromSeconds(20),
            () => "the fifth server has not its share");
        Say($"a fifth server has its share after {(DateTime.UtcNow - began).TotalSeconds:0.0} s, its start among them; the longest connection took {load.TakeLongest().TotalMilliseconds:0} ms");
        Assert.Empty(transfers.Failures.Concat(load.Failures));
    }

    private static async Task DrainAsync(ClusterProcesses cluster, PacedTransfers transfers, Loads load)
    {
        cluster.Servers.Remove("server-4", out var drained);
        drained!.Send(Signal.Terminate);
        Assert.Equal(0, await drained.ExitAsync(Bound));
        Say($"drained; the longest connection took {load.TakeLongest().TotalMilliseconds:0} ms");
        Assert.Empty(transfers.Failures.Concat(load.Failures));
    }

    private static async Task KillAsync(ClusterProcesses cluster, PacedTransfers transfers, Loads load, params string[] names)
    {
        load.TakeLongest();
        var (before, connectionsBefore) = (transfers.Failures.Count, load.Failures.Count);
        var had = (await cluster.StreamsAsync()).Where(server => names.Contains(server.Key)).Sum(server => server.Value);
        foreach (var name in names)
        {
            cluster.Servers.Remove(name, out var killed);
            killed!.Send(Signal.Kill);
        }

        // Longer than it takes to be sure that they are dead, and than their lease.
        await load.MoreAsync(NewPerSecond * 6);
        var longest = load.TakeLongest();
        var (ended, failed) = (transfers.Failures.Count - before, load.Failures.Count - connectionsBefore);
        Say($"{string.Join(" and ", names)} killed with {had} streams: {ended} transfers and {failed} connections of a moment ended with it; the longest new connection took {longest.TotalMilliseconds:0} ms");
        Assert.InRange(ended, 1, had + (AtThatMoment * names.Length));
        Assert.InRange(failed, 0, AtThatMoment * names.Length);
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await load.MoreAsync(NewPerSecond);
        Assert.Equal((before + ended, connectionsBefore + failed), (transfers.Failures.Count, load.Failures.Count));
    }

    private static async Task FreezeAsync(ClusterProcesses cluster, PacedTransfers transfers, Loads load)
    {
        load.TakeLongest();
        var (before, connectionsBefore) = (transfers.Failures.Count, load.Failures.Count);
        cluster.Servers["server-3"].Send(Signal.Stop);
        await load.MoreAsync(NewPerSecond * 10);
        var longest = load.TakeLongest();
        cluster.Servers["server-3"].Send(Signal.Continue);
        await load.MoreAsync(NewPerSecond * 3);
        await HealAsync(cluster, transfers, load);
        Say($"server-3 frozen for 10 s: the longest new connection that was answered meanwhile took {longest.TotalMilliseconds:0} ms; {transfers.Failures.Count - before} transfers and {load.Failures.Count - connectionsBefore} connections failed");
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal((before, connectionsBefore), (transfers.Failures.Count, load.Failures.Count));
    }

    private static async Task UpgradeAsync(ClusterProcesses cluster, PacedTransfers transfers, Loads load)
    {
        load.TakeLongest();
        var (before, connectionsBefore) = (transfers.Failures.Count, load.Failures.Count);
        foreach (var name in cluster.Servers.Keys.ToArray())
        {
            cluster.Servers[name].Send(Signal.Terminate);
            Assert.Equal(0, await cluster.Servers[name].ExitAsync(Bound));
            await cluster.StartServerAsync(name);
            await cluster.TunnelsAsync(3, atLeast: true);
        }

        Say($"all replaced one after the other: {transfers.Failures.Count - before} transfers and {load.Failures.Count - connectionsBefore} connections failed; the longest took {load.TakeLongest().TotalMilliseconds:0} ms");
        Assert.Equal((before, connectionsBefore), (transfers.Failures.Count, load.Failures.Count));
    }

    /// <summary>Returns when every client has its tunnels and all transfers run again.</summary>
    private static async Task HealAsync(ClusterProcesses cluster, PacedTransfers transfers, Loads load)
    {
        await cluster.TunnelsAsync(3, atLeast: true);
        await Wait.UntilAsync(() => transfers.Open >= Transfers * 9 / 10, Bound, () => $"only {transfers.Open} transfers are open");
        load.TakeLongest();
    }

    private static string Text(Dictionary<string, double> streams) => string.Join(", ", streams.Select(server => $"{server.Key} {server.Value:0.0}"));

    private static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    /// <summary>A steady load at each client.</summary>
    private sealed class Loads(IEnumerable<IPEndPoint> entries, int perSecond, CancellationToken limit) : IAsyncDisposable
    {
        private readonly SteadyLoad[] _loads = [.. entries.Select(entry => new SteadyLoad(entry, perSecond / Clients, atOnce: 200, limit))];

        public int Done => _loads.Sum(load => load.Done);

        public IReadOnlyCollection<string> Failures => [.. _loads.SelectMany(load => load.Failures)];

        public void Start() => Array.ForEach(_loads, load => load.Start());

        public TimeSpan TakeLongest() => _loads.Max(load => load.TakeLongest());

        public Task MoreAsync(int count)
        {
            var goal = Done + count;
            return Wait.UntilAsync(() => Done >= goal, Bound * 2, () => $"connections stand still at {Done} of {goal}");
        }

        public Task StopAsync() => Task.WhenAll(_loads.Select(load => load.StopAsync()));

        public async ValueTask DisposeAsync()
        {
            foreach (var load in _loads)
            {
                await load.DisposeAsync();
            }
        }
    }
}
