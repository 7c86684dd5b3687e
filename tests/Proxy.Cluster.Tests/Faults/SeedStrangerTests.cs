using System.Net;
using System.Text;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Faults;

/// <summary>The seed's listener, and whoever comes to it.</summary>
public sealed class SeedStrangerTests
{
    [Theory]
    [InlineData("GET", "/v3/kv/range", "", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/v3alpha/kv/range", "{}", HttpStatusCode.NotFound)]
    [InlineData("POST", "/v3/nothing", "{}", HttpStatusCode.NotFound)]
    [InlineData("POST", "/", "{}", HttpStatusCode.NotFound)]
    [InlineData("POST", "/v3/kv/range", "", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/v3/kv/range", "{\"key\":", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/v3/kv/range", "{}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/v3/watch", "{}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/v3/auth/authenticate", "{\"name\":\"root\",\"password\":\"x\"}", HttpStatusCode.PreconditionFailed)]
    [InlineData("POST", "/v3beta/kv/range", "{\"key\":\"YQ==\",\"rangeEnd\":\"Yg==\"}", HttpStatusCode.OK)]
    [InlineData("POST", "/v3/kv/lease/revoke", "{\"ID\":1}", HttpStatusCode.NotFound)]
    [InlineData("GET", "/health", "", HttpStatusCode.OK)]
    public async Task A_request_has_the_status_that_etcd_gives_it(string method, string path, string body, HttpStatusCode status)
    {
        await using var seed = await EngineProcess.StartSeedAsync("--listen", "http://127.0.0.1:0");
        using var http = new HttpClient(Clients.Handler(authorities: null)) { BaseAddress = seed.Listening };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = method == "GET" ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var response = await RealTime.BoundedAsync(http.SendAsync(request));

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task A_body_without_end_and_nesting_without_end_harm_nobody_else()
    {
        await using var seed = await EngineProcess.StartSeedAsync("--listen", "http://127.0.0.1:0");
        using var http = new HttpClient(Clients.Handler(authorities: null)) { BaseAddress = seed.Listening };
        using (var nested = await http.PostAsync("/v3/kv/txn", new StringContent(new string('[', 1_000_000))))
        {
            Assert.Equal(HttpStatusCode.BadRequest, nested.StatusCode);
        }

        try
        {
            using var huge = await http.PostAsync("/v3/kv/put", new ByteArrayContent(new byte[20 << 20]));
            Assert.Equal(HttpStatusCode.BadRequest, huge.StatusCode);
        }
        catch (HttpRequestException)
        {
            // Cut off while it was still sending: as good an answer.
        }

        using var client = Clients.To(seed.Listening);
        await client.ExpectAsync<PutAnswer>(new PutRequest(KeyText.Bytes("/key"), []));
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_keeps_nobody_waiting()
    {
        await using var seed = await EngineProcess.StartSeedAsync("--listen", "http://127.0.0.1:0");
        using var client = Clients.To(seed.Listening);
        using var deaf = client.Watch(new WatchRequest(KeyRange.Prefix("/"), 0));
        await deaf.ExpectAsync<WatchCreated>();
        for (var round = 0; round < 50; round++)
        {
            await client.ExpectAsync<PutAnswer>(new PutRequest(KeyText.Bytes("/key"), new byte[500_000]));
        }

        using var attentive = client.Watch(new WatchRequest(KeyRange.Prefix("/"), 0));
        await attentive.ExpectAsync<WatchCreated>();
        await client.ExpectAsync<PutAnswer>(new PutRequest(KeyText.Bytes("/last"), []));
        Assert.Equal("/last", Assert.Single(await attentive.EventsAsync(1)).Now.KeyText);
    }
}
