using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Clusters;

/// <summary>
/// A flood of attempts at the frontends of four relays that share a limit, while a fifth one joins and one dies. The full form has a limit of 1,000; its output has the
/// figures.
/// </summary>
public sealed class LimitFloodTests : EndToEndTest
{
    private const int LeaseSeconds = 5;
    private static readonly int Maximum = Scale.Pick(200, 1000);
    private static readonly int Attackers = Maximum * 3 / 8;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly WorkDirectory _work = new();

    [Fact]
    public async Task A_flood_at_four_relays_gets_no_more_than_the_limit_and_nearly_all_of_it()
    {
        await using var echo = TcpPeer.Echo();
        var endpoint = $"http://{FreePort.ForTcp()}";
        await using var seed = await NodeProcess.StartByAsync(Executables.Seed, ["--listen", endpoint]);
        var relays = new List<NodeProcess>();
        var floods = new List<Flood>();
        var watch = new Watch(floods, relays);
        async Task AddAsync()
        {
            var relay = await StartRelayAsync($"relay-{floods.Count + 1}", endpoint, echo.Address);
            relays.Add(relay);
            lock (floods)
            {
                floods.Add(new Flood(relay.Entries[0], Attackers, Limit));
            }
        }

        try
        {
            for (var count = 0; count < 4; count++)
            {
                await AddAsync();
            }

            await FullAsync(watch, "at first");
            await watch.SteadyAsync(Scale.Pick(2, 15), "four relays");

            await AddAsync();
            await Wait.UntilAsync(() => floods[4].Held >= Maximum / 10, Bound, () => $"the fifth has {floods[4].Held}");
            await watch.SteadyAsync(Scale.Pick(2, 15), "a fifth one has joined");

            await relays[0].KillAsync();
            relays.RemoveAt(0);
            floods[0].Stop();
            var died = Stopwatch.StartNew();
            await FullAsync(watch, "after a death");
            Say($"all of the limit is used again {died.Elapsed.TotalSeconds:0.0} s after a death");
            Assert.InRange(died.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(LeaseSeconds + 2 + 1));
            await watch.SteadyAsync(Scale.Pick(2, 15), "one has died");
            Say($"{floods.Sum(flood => flood.Attempts)} attempts, at most {watch.Most} of {Maximum} connections at once");
        }
        finally
        {
            foreach (var flood in floods)
            {
                await flood.DisposeAsync();
            }

            foreach (var relay in relays)
            {
                await relay.DisposeAsync();
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        _work.Dispose();
        base.Dispose(disposing);
    }

    private static Task FullAsync(Watch watch, string when) =>
        Wait.UntilAsync(() => watch.Look() >= Maximum * 95 / 100, Bound, () => $"{when} only {watch.Look()} of {Maximum} are used");

    private async Task<NodeProcess> StartRelayAsync(string name, string endpoint, IPEndPoint target)
    {
        var file = _work.File($"{name}.conf");
        await File.WriteAllTextAsync(file, $$"""
            tcpproxy {
              node { name = {{name}}, state-directory = "{{name}}" }
              cluster { endpoints = ["{{endpoint}}"], lease = {{LeaseSeconds}}s }
              upstreams { echo { servers = ["{{target}}"] } }
              frontends { web { listen = "tcp://127.0.0.1:0", upstream = echo, limits { cluster-connections = {{Maximum}} } } }
              admin { listen = "127.0.0.1:0" }
            }
            """);
        return await NodeProcess.StartAsync("run", "-c", file);
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    /// <summary>All connections that are served now, looked at again and again: never more than the limit.</summary>
    private sealed class Watch(List<Flood> floods, List<NodeProcess> relays)
    {
        public int Most { get; private set; }

        public int Look()
        {
            int held;
            lock (floods)
            {
                held = floods.Sum(flood => flood.Held);
            }

            Most = Math.Max(Most, held);
            Assert.InRange(held, 0, Maximum);
            return held;
        }

        public async Task SteadyAsync(int seconds, string what)
        {
            // What the relays count, attempts that are being turned away among it: a connection takes its place a moment before its client is served, and gives it back a moment after.
            var (sum, held, count) = (0L, 0L, 0);
            for (var watch = Stopwatch.StartNew(); watch.Elapsed.TotalSeconds < seconds; count++)
            {
                held += Look();
                foreach (var relay in relays)
                {
                    sum += (await NodeStatus.OfAsync(relay)).Root.GetProperty("cluster").GetProperty("limits")[0].GetProperty("active").GetInt64();
                }

                await Wait.PauseOfLoadAsync(TimeSpan.FromMilliseconds(50));
            }

            Say($"{what}: {sum / (double)count:0.0} of {Maximum} used on average, {held / (double)count:0.0} of these served");

            // How fast a place that comes free is taken again is the attackers' doing: the short form has few of them, on a machine that does other things.
            Assert.InRange(sum / (double)count, Maximum * Scale.Pick(0.75, 0.95), Maximum * 1.05);
        }
    }

    /// <summary>Many at one entrance who connect again and again, and stay a while once they are served.</summary>
    private sealed class Flood : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task[] _attackers;
        private int _held;
        private int _attempts;

        public Flood(IPEndPoint entry, int count, CancellationToken limit)
        {
            _attackers = [.. Enumerable.Range(0, count).Select(number => AttackAsync(entry, new Random(number), limit))];
        }

        public int Held => Volatile.Read(ref _held);

        public int Attempts => Volatile.Read(ref _attempts);

        /// <summary>The entrance is gone.</summary>
        public void Stop() => _stop.Cancel();

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_attackers);
            _stop.Dispose();
        }

        private async Task AttackAsync(IPEndPoint entry, Random random, CancellationToken limit)
        {
            while (!_stop.IsCancellationRequested && !limit.IsCancellationRequested)
            {
                Interlocked.Increment(ref _attempts);
                try
                {
                    using var socket = await Dial.ToAsync(entry);
                    await socket.SendAllAsync(new byte[] { 1 }, _stop.Token);
                    if (await socket.ReceiveAsync(new byte[1], _stop.Token) == 1)
                    {
                        await HoldAsync(socket, random);
                    }
                }
                catch (Exception refused) when (refused is SocketException or OperationCanceledException)
                {
                    // Turned away, or the relay is gone.
                }

                if (!_stop.IsCancellationRequested)
                {
                    await Wait.PauseOfLoadAsync(TimeSpan.FromMilliseconds(random.Next(20, 120)));
                }
            }
        }

        // Until it has had enough, or the relay has died.
        private async Task HoldAsync(Socket socket, Random random)
        {
            Interlocked.Increment(ref _held);
            try
            {
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                enough.CancelAfter(random.Next(1000, 6000));
                await socket.ReceiveAsync(new byte[1], enough.Token);
            }
            finally
            {
                Interlocked.Decrement(ref _held);
            }
        }
    }
}
