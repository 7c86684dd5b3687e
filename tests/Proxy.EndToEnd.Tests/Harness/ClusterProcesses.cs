using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A seed, servers and clients that find each other by it; all on 127.0.0.1.</summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly WorkDirectory _work = new();
    private readonly IPEndPoint _seedAddress = FreePort.ForTcp();
    private readonly List<NodeProcess> _all = [];
    private readonly IPEndPoint _target;

    private ClusterProcesses(IPEndPoint target, string? endpoints = null)
    {
        _target = target;
        Endpoint = endpoints ?? $"http://{_seedAddress}";
    }

    public NodeProcess Seed { get; private set; } = null!;

    public Dictionary<string, NodeProcess> Servers { get; } = [];

    public List<NodeProcess> Clients { get; } = [];

    /// <summary>Of the engine, as --cluster takes it.</summary>
    public string Endpoint { get; }

    /// <summary>Returns when each client has a tunnel to each server.</summary>
    public static async Task<ClusterProcesses> StartAsync(int servers, int clients, IPEndPoint target)
    {
        var cluster = await StartSeedAloneAsync(target);
        try
        {
            for (var number = 1; number <= servers; number++)
            {
                await cluster.StartServerAsync($"server-{number}");
            }

            for (var number = 1; number <= clients; number++)
            {
                await cluster.StartClientAsync($"client-{number}", "--cluster", cluster.Endpoint, "--cluster-servers", "4");
            }

            await cluster.TunnelsAsync(servers);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Servers and clients are added one by one.</summary>
    public static async Task<ClusterProcesses> StartSeedAloneAsync(IPEndPoint target)
    {
        var cluster = new ClusterProcesses(target);
        await cluster.StartSeedAsync();
        return cluster;
    }

    /// <summary>The same with another engine than the seed.</summary>
    public static ClusterProcesses At(string endpoints, IPEndPoint target) => new(target, endpoints);

    public async Task StartSeedAsync() => Seed = Keep(await NodeProcess.StartByAsync(Executables.Seed, ["--listen", Endpoint]));

    public async Task<NodeProcess> StartServerAsync(string name, params string[] more) => Servers[name] = Keep(await NodeProcess.StartAsync(
    [
        "server", "--cluster", Endpoint, "--name", name, "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8",
        "--state-dir", Directory.CreateDirectory(_work.File(name)).FullName, "--admin", "127.0.0.1:0", .. more,
    ]));

    /// <summary>A client that carries connections to the target.</summary>
    public async Task<NodeProcess> StartClientAsync(string name, params string[] more)
    {
        var client = Keep(await NodeProcess.StartAsync(["client", "--name", name, "--forward", $"127.0.0.1:0={_target}", "--admin", "127.0.0.1:0", .. more]));
        Clients.Add(client);
        return client;
    }

    /// <summary>Returns when each client has so many tunnels that are up.</summary>
    public async Task TunnelsAsync(int count, bool atLeast = false)
    {
        foreach (var client in Clients)
        {
            await Wait.UntilAsync(
                async () => (await NodeStatus.OfAsync(client)).Tunnels.Count(tunnel => tunnel.GetProperty("state").GetString() == "ready") is var up
                    && (up == count || (atLeast && up > count)),
                Bound,
                () => $"a client has not {count} tunnels");
        }
    }

    /// <summary>Returns when the node sees exactly these members up.</summary>
    public Task MembersAsync(NodeProcess node, params string[] names) => Wait.UntilAsync(
        async () => (await NodeStatus.OfAsync(node)).Root.GetProperty("members").EnumerateArray()
            .Where(member => member.GetProperty("status").GetString() == "up")
            .Select(member => member.GetProperty("name").GetString()).Order().SequenceEqual(names.Order()),
        Bound,
        () => $"the members are not {string.Join(", ", names)}");

    /// <summary>Streams that each server has now.</summary>
    public async Task<Dictionary<string, long>> StreamsAsync()
    {
        var streams = new Dictionary<string, long>();
        foreach (var (name, server) in Servers)
        {
            streams[name] = (await NodeStatus.OfAsync(server)).ActiveStreams;
        }

        return streams;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Enumerable.Reverse(_all))
        {
            await node.DisposeAsync();
        }

        _work.Dispose();
    }

    private NodeProcess Keep(NodeProcess node)
    {
        _all.Add(node);
        return node;
    }
}
