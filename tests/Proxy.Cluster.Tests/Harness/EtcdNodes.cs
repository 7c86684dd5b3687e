using System.Security.Cryptography.X509Certificates;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Etcd;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Harness;

/// <summary>One etcd or a cluster of some on loopback; each node can be killed and started again with what it had on its disk.</summary>
internal sealed class EtcdNodes : IAsyncDisposable
{
    private readonly WorkDirectory _work = new();
    private readonly string _program;
    private readonly string[] _tls;
    private readonly (Uri Client, Uri Peer)[] _addresses;
    private readonly EngineProcess?[] _processes;

    private EtcdNodes(string program, int count, string? certificate)
    {
        _program = program;
        var scheme = certificate is null ? "http" : "https";
        _tls = certificate is null ? [] : ["--cert-file", certificate, "--key-file", certificate];
        _addresses = [.. Enumerable.Range(0, count).Select(_ => (new Uri($"{scheme}://{FreePort.ForTcp()}"), new Uri($"http://{FreePort.ForTcp()}")))];
        _processes = new EngineProcess?[count];
    }

    public IReadOnlyList<Uri> Endpoints => [.. _addresses.Select(address => address.Client)];

    /// <summary>Skips the test where there is no etcd; nothing takes its place.</summary>
    public static async Task<EtcdNodes> StartAsync(int count, string? certificate = null)
    {
        var program = EngineProcess.FindEtcd();
        Assert.SkipWhen(program is null, "etcd is not installed");
        var nodes = new EtcdNodes(program!, count, certificate);
        for (var index = 0; index < count; index++)
        {
            nodes.Start(index);
        }

        return nodes;
    }

    /// <summary>Returns when every endpoint writes.</summary>
    public async Task ReadyAsync(Func<Uri, EtcdClient> client)
    {
        foreach (var endpoint in Endpoints)
        {
            using var one = client(endpoint);
            EngineAnswer? last = null;
            await RealTime.UntilAsync(
                async () => (last = await one.CallAsync(new PutRequest(KeyText.Bytes("ready"), []))) is PutAnswer, () => $"{endpoint} is not ready: {last}");
        }
    }

    public void Start(int index)
    {
        var (client, peer) = (Text(_addresses[index].Client), Text(_addresses[index].Peer));
        var all = string.Join(',', _addresses.Select((address, place) => $"n{place}={Text(address.Peer)}"));
        _processes[index] = EngineProcess.Start(
            _program,
            [
                "--name", $"n{index}", "--data-dir", _work.File($"n{index}"), "--log-level", "error", "--initial-cluster", all, "--initial-cluster-state", "new",
                "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, .. _tls,
            ]);
    }

    public async Task KillAsync(int index)
    {
        await _processes[index]!.KillAsync();
        _processes[index] = null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        _work.Dispose();
    }

    private static string Text(Uri address) => address.ToString().TrimEnd('/');
}

/// <summary>Clients for real engines.</summary>
internal static class Clients
{
    /// <summary>A client that trusts the given authorities, where there are any.</summary>
    public static EtcdClient To(
        IReadOnlyList<Uri> endpoints, X509Certificate2Collection? authorities = null, string user = "", string password = "", TimeSpan? attempt = null)
    {
        var settings = new EtcdSettings
        {
            Endpoints = endpoints,
            UserName = user,
            Password = password,
            AttemptTimeout = attempt ?? TimeSpan.FromSeconds(10),
        };
        return new EtcdClient(settings, Handler(authorities), RealTime.Clock);
    }

    /// <summary>What the program's host gives too.</summary>
    public static SocketsHttpHandler Handler(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        if (authorities is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return handler;
    }

    public static EtcdClient To(Uri endpoint) => To([endpoint]);

    /// <summary>The answer, which must be of that kind.</summary>
    public static async Task<T> ExpectAsync<T>(this IEngine engine, EngineRequest request)
        where T : EngineAnswer => Assert.IsType<T>(await RealTime.BoundedAsync(engine.CallAsync(request)));

    public static async Task<EngineError> FailAsync(this IEngine engine, EngineRequest request) => (await engine.ExpectAsync<EngineFailure>(request)).Error;

    public static async Task<T> ExpectAsync<T>(this IWatch watch)
        where T : WatchNotice => Assert.IsType<T>(await RealTime.BoundedAsync(watch.NextAsync()));

    /// <summary>The next so many events, however many notices they come in.</summary>
    public static async Task<List<KeyEvent>> EventsAsync(this IWatch watch, int count)
    {
        List<KeyEvent> events = [];
        while (events.Count < count)
        {
            events.AddRange((await watch.ExpectAsync<WatchEvents>()).Events);
        }

        return events;
    }
}
