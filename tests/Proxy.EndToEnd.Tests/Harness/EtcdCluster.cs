using System.Net;
using System.Text;
using System.Text.Json;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>Nodes of Debian's etcd on loopback, or one in a network of the test's own; each can be killed and started again with what it had on its disk.</summary>
internal sealed class EtcdCluster : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly WorkDirectory _work = new();
    private readonly IPEndPoint[] _clients;
    private readonly IPEndPoint[] _peers;
    private readonly PeerProcess?[] _processes;

    private EtcdCluster(int count)
    {
        _clients = [.. Enumerable.Range(0, count).Select(_ => FreePort.ForTcp())];
        _peers = [.. Enumerable.Range(0, count).Select(_ => FreePort.ForTcp())];
        _processes = new PeerProcess?[count];
    }

    /// <summary>As --cluster takes them.</summary>
    public string Endpoints => string.Join(',', _clients.Select(address => $"http://{address}"));

    public static async Task<EtcdCluster> StartAsync(int count)
    {
        var cluster = new EtcdCluster(count);
        await Task.WhenAll(Enumerable.Range(0, count).Select(cluster.StartNodeAsync));
        await cluster.LeaderAsync();
        return cluster;
    }

    public async Task StartNodeAsync(int index)
    {
        var (client, peer) = ($"http://{_clients[index]}", $"http://{_peers[index]}");
        _processes[index] = await PeerProcess.StartAsync(
            "etcd",
            [
                "--name", $"n{index}", "--data-dir", _work.File($"n{index}"), "--log-level", "error", "--initial-cluster-state", "new",
                "--initial-cluster", string.Join(',', _peers.Select((address, place) => $"n{place}=http://{address}")),
                "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            ],
            _clients[index]);
    }

    public async Task KillAsync(params int[] nodes)
    {
        foreach (var index in nodes)
        {
            await _processes[index]!.DisposeAsync();
            _processes[index] = null;
        }
    }

    /// <summary>Which node leads, once one does.</summary>
    public async Task<int> LeaderAsync()
    {
        var leader = -1;
        await Wait.UntilAsync(
            async () =>
            {
                for (var index = 0; index < _clients.Length && leader < 0; index++)
                {
                    leader = _processes[index] is not null && await IsLeaderAsync(_clients[index]) ? index : -1;
                }

                return leader >= 0;
            },
            Bound,
            () => "no node of etcd leads");
        return leader;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.OfType<PeerProcess>())
        {
            await process.DisposeAsync();
        }

        _work.Dispose();
    }

    private static async Task<bool> IsLeaderAsync(IPEndPoint at)
    {
        try
        {
            using var body = new StringContent("{}", Encoding.UTF8, "application/json");
            using var answer = await Client.PostAsync(new Uri($"http://{at}/v3/maintenance/status"), body);
            using var status = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            return status.RootElement.TryGetProperty("leader", out var leader)
                && leader.GetString() == status.RootElement.GetProperty("header").GetProperty("member_id").GetString();
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
