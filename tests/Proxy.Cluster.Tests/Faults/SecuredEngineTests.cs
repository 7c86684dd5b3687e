using System.Net.Http.Json;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Etcd;
using Proxy.Cluster.Tests.Harness;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.Cluster.Tests.Faults;

/// <summary>TLS and a password, at the seed and at the real etcd.</summary>
public sealed class SecuredEngineTests : IDisposable
{
    private const string Password = "correct horse";
    private readonly WorkDirectory _work = new();
    private readonly Authority _authority;

    public SecuredEngineTests() => _authority = new Authority(_work);

    public void Dispose()
    {
        _authority.Dispose();
        _work.Dispose();
    }

    [Fact]
    public async Task The_seed_wants_TLS_and_the_password()
    {
        await using var seed = await StartSeedAsync("https://127.0.0.1:0");

        Assert.Equal("https", seed.Listening.Scheme);
        await CheckAsync(seed.Listening);
    }

    [Fact]
    public async Task Etcd_wants_TLS_and_the_password()
    {
        await using var etcd = await StartEtcdAsync();
        await CheckAsync(etcd.Endpoints[0]);
    }

    [Fact]
    public async Task A_token_that_a_restarted_seed_does_not_know_is_renewed()
    {
        var address = $"https://{FreePort.ForTcp()}";
        using var client = To(new Uri(address), Password);
        await using (var seed = await StartSeedAsync(address))
        {
            await client.ExpectAsync<PutAnswer>(Put);
            await seed.KillAsync();
        }

        await using var again = await StartSeedAsync(address);
        await AnswersAgainAsync(client);
    }

    [Fact]
    public async Task A_token_that_a_restarted_etcd_does_not_know_is_renewed()
    {
        await using var etcd = await StartEtcdAsync();
        using var client = To(etcd.Endpoints[0], Password);
        await client.ExpectAsync<PutAnswer>(Put);
        await etcd.KillAsync(0);
        etcd.Start(0);
        await AnswersAgainAsync(client);

        using var watch = client.Watch(new WatchRequest(KeyRange.Prefix("/"), 0));
        await watch.ExpectAsync<WatchCreated>();
    }

    private async Task CheckAsync(Uri endpoint)
    {
        using var right = To(endpoint, Password);
        var put = await right.ExpectAsync<PutAnswer>(Put);
        using (var watch = right.Watch(new WatchRequest(KeyRange.Prefix("/"), put.Header.Revision)))
        {
            await watch.ExpectAsync<WatchCreated>();
            Assert.Single(await watch.EventsAsync(1));
        }

        var lease = await right.ExpectAsync<LeaseAnswer>(new GrantLeaseRequest(30, 0));
        Assert.True((await right.ExpectAsync<LeaseAnswer>(new KeepAliveRequest(lease.Id))).TtlSeconds > 0);

        using var wrong = To(endpoint, "wrong");
        Assert.Equal(EngineErrorKind.Denied, (await wrong.FailAsync(Put)).Kind);
        using (var refused = wrong.Watch(new WatchRequest(KeyRange.Prefix("/"), 0)))
        {
            Assert.Equal(EngineErrorKind.Denied, (await refused.ExpectAsync<WatchEnded>()).Error.Kind);
        }

        using var nobody = Clients.To([endpoint], _authority.Trusted);
        Assert.Equal(EngineErrorKind.Unauthenticated, (await nobody.FailAsync(Put)).Kind);
        Assert.Equal(EngineErrorKind.Unauthenticated, (await nobody.FailAsync(new RangeRequest(KeyRange.Prefix("/")))).Kind);
        using (var refused = nobody.Watch(new WatchRequest(KeyRange.Prefix("/"), 0)))
        {
            Assert.Equal(EngineErrorKind.Unauthenticated, (await refused.ExpectAsync<WatchEnded>()).Error.Kind);
        }

        // Nobody's password goes to somebody else's certificate.
        using var distrustful = Clients.To([endpoint], authorities: null, "root", Password);
        Assert.Equal(EngineErrorKind.Unreachable, (await distrustful.FailAsync(Put)).Kind);
    }

    private async Task<EngineProcess> StartSeedAsync(string address)
    {
        var file = _work.File("password");
        await File.WriteAllTextAsync(file, Password + "\n");
        return await EngineProcess.StartSeedAsync("--listen", address, "--user", "root", "--password-file", file, "--tls-cert", _authority.ServerFile);
    }

    private async Task<EtcdNodes> StartEtcdAsync()
    {
        var etcd = await EtcdNodes.StartAsync(1, _authority.ServerFile);
        await etcd.ReadyAsync(endpoint => Clients.To([endpoint], _authority.Trusted));
        using var handler = Clients.Handler(_authority.Trusted);
        using var http = new HttpClient(handler) { BaseAddress = etcd.Endpoints[0] };
        await PostAsync(http, "auth/user/add", new { name = "root", password = Password });
        await PostAsync(http, "auth/role/add", new { name = "root" });
        await PostAsync(http, "auth/user/grant", new { user = "root", role = "root" });
        await PostAsync(http, "auth/enable", new { });
        return etcd;
    }

    private static async Task PostAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync("/v3/" + path, body);
        response.EnsureSuccessStatusCode();
    }

    private static async Task AnswersAgainAsync(EtcdClient client)
    {
        EngineAnswer? last = null;
        await RealTime.UntilAsync(async () => (last = await client.CallAsync(Put)) is PutAnswer, () => $"no answer any more: {last}");
    }

    private EtcdClient To(Uri endpoint, string password) => Clients.To([endpoint], _authority.Trusted, "root", password);

    private static PutRequest Put => new(KeyText.Bytes("/key"), KeyText.Bytes("value"));
}
