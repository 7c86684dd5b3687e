using Proxy.Cluster.Etcd;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Contract;

/// <summary>An engine that the tests of one class share; each has keys of its own.</summary>
public abstract class EngineFixture : IAsyncLifetime
{
    private EtcdClient? _client;

    /// <summary>Null: the test is skipped.</summary>
    public EtcdClient Client
    {
        get
        {
            Assert.SkipWhen(_client is null, "etcd is not installed");
            return _client!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        var endpoints = await StartAsync();
        _client = endpoints.Count == 0 ? null : Clients.To(endpoints);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>No endpoints: it cannot be had here.</summary>
    protected abstract Task<IReadOnlyList<Uri>> StartAsync();

    protected abstract ValueTask StopAsync();
}

public sealed class SeedFixture : EngineFixture
{
    private EngineProcess? _seed;

    protected override async Task<IReadOnlyList<Uri>> StartAsync()
    {
        _seed = await EngineProcess.StartSeedAsync("--listen", "http://127.0.0.1:0");
        return [_seed.Listening];
    }

    protected override ValueTask StopAsync() => _seed?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public abstract class EtcdFixture(int nodes) : EngineFixture
{
    private EtcdNodes? _etcd;

    protected override async Task<IReadOnlyList<Uri>> StartAsync()
    {
        if (EngineProcess.FindEtcd() is null)
        {
            return [];
        }

        _etcd = await EtcdNodes.StartAsync(nodes);
        await _etcd.ReadyAsync(Clients.To);
        return _etcd.Endpoints;
    }

    protected override ValueTask StopAsync() => _etcd?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class SingleEtcdFixture() : EtcdFixture(1);

public sealed class TripleEtcdFixture() : EtcdFixture(3);

/// <summary>The contract at the seed, over HTTP.</summary>
public sealed class SeedContractTests(SeedFixture fixture) : EngineContract(fixture), IClassFixture<SeedFixture>;

/// <summary>The contract at Debian's etcd.</summary>
public sealed class EtcdContractTests(SingleEtcdFixture fixture) : EngineContract(fixture), IClassFixture<SingleEtcdFixture>;

/// <summary>The contract at three of them.</summary>
public sealed class EtcdClusterContractTests(TripleEtcdFixture fixture) : EngineContract(fixture), IClassFixture<TripleEtcdFixture>;
