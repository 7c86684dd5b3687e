using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Clusters;

/// <summary>
/// An engine, three workers and a client, each with a network of its own, and what is cut between them. The workers have a frontend whose connections they share, so
/// one of them divides the limit under a lock.
/// </summary>
[Collection(OnlyWaits.Second)]
public sealed class PartitionTests : EndToEndTest
{
    private const int EngineHost = 0;
    private const int ClientHost = 4;
    private const int EchoPort = 7000;
    private const int EnginePort = 2379;
    private static readonly int[] Workers = [1, 2, 3];
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly WorkDirectory _work = new();

    [Fact]
    public async Task A_worker_without_the_engine_gives_up_its_lock_before_another_has_it_and_clients_leave_it()
    {
        await using var cluster = await StartAsync();
        var divider = await cluster.DividerAsync();

        await cluster.Network.CutAsync(divider, EngineHost);
        await cluster.Worker(divider).LogsAsync("divides the shared limits no more", Bound);
        var next = await cluster.DividerAsync(except: divider);
        await cluster.Client.LogsAsync($"worker-{divider} (kcp://{SwitchedNetwork.AddressOf(divider)}:4000) is gone", Bound);
        await cluster.ConnectsAsync(20, Limit);

        await cluster.Network.HealAsync(divider);
        await cluster.Client.LogsAsync($"tunnels are kept to the cluster's server worker-{divider}", Bound, times: 2);
        await cluster.ConnectsAsync(20, Limit);
        Assert.NotEqual(divider, next);
        cluster.AssertOneDividerAtATime();
    }

    [Fact]
    public async Task A_client_that_is_cut_off_from_its_servers_finds_another()
    {
        await using var cluster = await StartAsync();
        var used = Workers.Where(worker => cluster.Client.Log.Any(line => line.Contains($"tunnels are kept to the cluster's server worker-{worker}", StringComparison.Ordinal))).ToArray();
        Assert.Equal(2, used.Length);

        await cluster.Network.CutAsync(ClientHost, used);
        var other = Workers.Except(used).Single();
        await cluster.Client.LogsAsync($"tunnels are kept to the cluster's server worker-{other}", Bound);
        await cluster.ConnectsAsync(20, Limit);

        await cluster.Network.HealAsync(ClientHost);
        await cluster.Client.LogsAsync("can be reached again", Bound, times: 2);
        await cluster.ConnectsAsync(20, Limit);
        cluster.AssertOneDividerAtATime();
    }

    [Fact]
    public async Task A_worker_that_is_cut_off_from_both_costs_nothing_but_its_own_streams()
    {
        await using var cluster = await StartAsync();
        var divider = await cluster.DividerAsync();

        await cluster.Network.CutAsync(divider, EngineHost, ClientHost);
        await cluster.ConnectsAsync(40, Limit);
        await cluster.DividerAsync(except: divider);
        await cluster.Network.HealAsync(divider);
        await cluster.Client.LogsAsync($"worker-{divider} (kcp://{SwitchedNetwork.AddressOf(divider)}:4000) is up", Bound, times: 2);
        await cluster.ConnectsAsync(20, Limit);
        cluster.AssertOneDividerAtATime();
    }

    protected override void Dispose(bool disposing)
    {
        _work.Dispose();
        base.Dispose(disposing);
    }

    private async Task<Cluster> StartAsync()
    {
        var network = await SwitchedNetwork.CreateAsync(hosts: 5);
        var cluster = new Cluster(network);
        try
        {
            var engine = $"http://{SwitchedNetwork.AddressOf(EngineHost)}:{EnginePort}";
            cluster.Keep(await PeerProcess.StartInAsync(
                network.Hosts[EngineHost], "etcd",
                ["--data-dir", _work.File("etcd"), "--log-level", "error", "--listen-client-urls", engine, "--advertise-client-urls", engine, "--listen-peer-urls", "http://127.0.0.1:2380"],
                new IPEndPoint(SwitchedNetwork.AddressOf(EngineHost), EnginePort)));
            foreach (var worker in Workers)
            {
                var host = network.Hosts[worker];
                cluster.Keep(host.Run(() => new TcpPeer(TcpPeer.EchoAsync, at: new IPEndPoint(IPAddress.Loopback, EchoPort))));
                cluster.Add(worker, await NodeProcess.StartInAsync(host, "run", "-c", await WriteAsync(worker, engine)));
            }

            cluster.Client = await NodeProcess.StartInAsync(
                network.Hosts[ClientHost], "client", "--cluster", engine, "--cluster-servers", "2", "--forward", $"127.0.0.1:0=127.0.0.1:{EchoPort}", "--admin", "127.0.0.1:0");
            await cluster.ConnectsAsync(10, Limit);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private async Task<string> WriteAsync(int worker, string engine)
    {
        var file = _work.File($"worker-{worker}.conf");
        var address = SwitchedNetwork.AddressOf(worker);
        await File.WriteAllTextAsync(file, $$"""
            tcpproxy {
              node { name = worker-{{worker}}, state-directory = "worker-{{worker}}" }
              cluster { endpoints = ["{{engine}}"] }
              servers { main { listen = "kcp://{{address}}:4000", destinations { allow = ["127.0.0.0/8"] } } }
              upstreams { echo { servers = ["127.0.0.1:{{EchoPort}}"] } }
              frontends { web { listen = "tcp://127.0.0.1:0", upstream = echo, limits { cluster-connections = 100 } } }
              admin { listen = "127.0.0.1:0" }
            }
            """);
        return file;
    }

    private sealed class Cluster(SwitchedNetwork network) : IAsyncDisposable
    {
        private readonly Dictionary<int, NodeProcess> _workers = [];
        private readonly List<IAsyncDisposable> _kept = [];

        public SwitchedNetwork Network => network;

        public NodeProcess Client { get; set; } = null!;

        public NodeProcess Worker(int host) => _workers[host];

        public void Add(int host, NodeProcess worker) => _workers.Add(host, worker);

        public void Keep(IAsyncDisposable thing) => _kept.Add(thing);

        /// <summary>Which worker divides the shared limit, once one does.</summary>
        public async Task<int> DividerAsync(int? except = null)
        {
            var divider = 0;
            await Wait.UntilAsync(() => (divider = Workers.FirstOrDefault(worker => worker != except && Turns(worker).LastOrDefault().Begins)) != 0, Bound, () => "nobody divides");
            return divider;
        }

        /// <summary>Connections, one after the other, none of which fails or takes longer than a second.</summary>
        public async Task ConnectsAsync(int count, CancellationToken limit)
        {
            for (var number = 0; number < count; number++)
            {
                using var socket = await network.Hosts[ClientHost].Run(() => Dial.ToAsync(Client.Entries[0]));
                await Exchange.PingAsync(socket, limit);
            }
        }

        /// <summary>By their logs: whoever began to divide did so after the one before had ended.</summary>
        public void AssertOneDividerAtATime()
        {
            var turns = Workers.SelectMany(worker => Turns(worker).Select(turn => (Worker: worker, turn.At, turn.Begins))).OrderBy(turn => turn.At).ToArray();
            var holder = 0;
            foreach (var turn in turns)
            {
                Assert.True(turn.Begins ? holder == 0 : holder == turn.Worker, string.Join('\n', turns));
                holder = turn.Begins ? turn.Worker : 0;
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var thing in _workers.Values.Append(Client).OfType<IAsyncDisposable>().Concat(_kept))
            {
                await thing.DisposeAsync();
            }

            network.Dispose();
        }

        private IEnumerable<(DateTime At, bool Begins)> Turns(int worker) => _workers[worker].Log
            .Where(line => line.Contains("divides the shared limits", StringComparison.Ordinal))
            .Select(line => (DateTime.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture), line.Contains("from now on", StringComparison.Ordinal)));
    }
}
