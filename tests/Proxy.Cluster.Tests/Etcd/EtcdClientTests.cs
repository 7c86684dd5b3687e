using System.Net;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Etcd;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Etcd;

/// <summary>What the client does when endpoints misbehave.</summary>
public sealed class EtcdClientTests
{
    private const string Header = """{"header":{"cluster_id":"5","revision":"9"}}""";
    private static readonly PutRequest Put = new(KeyText.Bytes("/a"), []);
    private static readonly TransactionRequest Transaction = new([], [Put], []);
    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_can_be_repeated_is_asked_of_the_next_endpoint_and_that_one_is_kept()
    {
        var handler = new ScriptedHandler((host, _) => host == "one" ? Broken() : Answer(Header));
        using var client = Client(handler);

        Assert.IsType<PutAnswer>(await client.CallAsync(Put));
        Assert.IsType<PutAnswer>(await client.CallAsync(Put));
        Assert.Equal(["one/v3/kv/put", "two/v3/kv/put", "two/v3/kv/put"], handler.Asked);
    }

    [Fact]
    public async Task What_may_have_been_done_is_not_done_twice()
    {
        var handler = new ScriptedHandler((_, _) => Broken());
        using var client = Client(handler);
        var failure = Assert.IsType<EngineFailure>(await client.CallAsync(Transaction));

        Assert.Single(handler.Asked);
        Assert.Equal((EngineErrorKind.Unreachable, true), (failure.Error.Kind, failure.MayHaveBeenApplied));
        Assert.Equal("two", client.Endpoint.Host);
    }

    [Fact]
    public async Task What_cannot_have_been_sent_is_sent_to_the_next()
    {
        var handler = new ScriptedHandler((host, _) => host == "one"
            ? Task.FromException<HttpResponseMessage>(new HttpRequestException(HttpRequestError.ConnectionError, "refused"))
            : Answer("""{"header":{"cluster_id":"5"},"succeeded":true,"responses":[{"response_put":{}}]}"""));
        using var client = Client(handler);

        Assert.IsType<TransactionAnswer>(await client.CallAsync(Transaction));
    }

    [Fact]
    public async Task An_endpoint_that_is_silent_is_left_after_its_time()
    {
        var handler = new ScriptedHandler((host, _) => host == "one" ? new TaskCompletionSource<HttpResponseMessage>().Task : Answer(Header));
        using var client = Client(handler);
        var call = client.CallAsync(Put);
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.IsType<PutAnswer>(await call.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task When_all_are_away_the_error_says_which_and_the_call_ends()
    {
        var handler = new ScriptedHandler((_, _) => Broken());
        using var client = Client(handler);
        var failure = Assert.IsType<EngineFailure>(await client.CallAsync(new RangeRequest(KeyRange.One("/a"))));

        Assert.Equal(3, handler.Asked.Count);
        Assert.Equal("one:1: broken", failure.Error.Message);
        Assert.False(failure.MayHaveBeenApplied);
    }

    [Fact]
    public async Task A_grant_whose_answer_was_lost_is_made_out()
    {
        var handler = new ScriptedHandler((host, _) => host == "one"
            ? Broken()
            : Answer("""{"error":"etcdserver: lease already exists","message":"etcdserver: lease already exists","code":9}""", HttpStatusCode.PreconditionFailed));
        using var client = Client(handler);

        Assert.Equal(77, Assert.IsType<LeaseAnswer>(await client.CallAsync(new GrantLeaseRequest(5, 77))).Id);
    }

    [Fact]
    public async Task A_token_is_asked_for_once_and_renewed_when_it_is_refused()
    {
        var made = 0;
        var handler = new ScriptedHandler((_, path) => path.EndsWith("authenticate", StringComparison.Ordinal)
            ? Answer($$"""{"token":"t{{++made}}"}""")
            : made < 2 ? Answer("""{"message":"etcdserver: invalid auth token","code":16}""", HttpStatusCode.Unauthorized) : Answer(Header));
        using var client = Client(handler, user: "root");

        // Not repeatable, but a request without a good token was not looked at.
        Assert.IsType<TransactionAnswer>(await client.CallAsync(Transaction));
        Assert.IsType<PutAnswer>(await client.CallAsync(Put));
        Assert.Equal(2, made);
        Assert.Equal(["", "t1", "", "t2", "t2"], handler.Tokens);
    }

    [Fact]
    public async Task An_endpoint_that_refuses_every_token_does_not_make_a_loop()
    {
        var handler = new ScriptedHandler((_, path) => path.EndsWith("authenticate", StringComparison.Ordinal)
            ? Answer("""{"token":"t"}""")
            : Answer("""{"message":"etcdserver: invalid auth token","code":16}""", HttpStatusCode.Unauthorized));
        using var client = Client(handler, user: "root");

        Assert.Equal(EngineErrorKind.Unauthenticated, Assert.IsType<EngineFailure>(await client.CallAsync(Put)).Error.Kind);
        Assert.Equal(4, handler.Asked.Count);
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_to_its_end()
    {
        using var client = Client(new ScriptedHandler((_, _) => Task.FromResult(ScriptedHandler.Bytes(new byte[5000]))));

        Assert.Equal(EngineErrorKind.BadAnswer, Assert.IsType<EngineFailure>(await client.CallAsync(Put)).Error.Kind);
    }

    [Fact]
    public async Task A_line_of_a_watch_without_end_is_not_read_to_its_end()
    {
        var created = "{\"result\":{\"header\":{\"cluster_id\":\"5\"},\"created\":true}}\n"u8.ToArray();
        using var client = Client(new ScriptedHandler((_, _) => Task.FromResult(ScriptedHandler.Bytes([.. created, .. Enumerable.Repeat((byte)'x', 5000)]))));
        using var watch = client.Watch(new WatchRequest(KeyRange.Prefix("/"), 0));

        Assert.IsType<WatchCreated>(await watch.NextAsync());
        Assert.Equal(EngineErrorKind.BadAnswer, Assert.IsType<WatchEnded>(await watch.NextAsync()).Error.Kind);
        Assert.IsType<WatchEnded>(await watch.NextAsync());
    }

    [Fact]
    public async Task Whatever_an_endpoint_answers_is_an_answer_or_an_error() => await Task.Run(() => Property.Check(1500, random =>
    {
        byte[][] corpus =
        [
            """{"header":{"cluster_id":"5","revision":"9"},"kvs":[{"key":"YQ==","mod_revision":"3","value":"Yg=="}],"count":"1","more":true}"""u8.ToArray(),
            """{"header":{},"succeeded":true,"responses":[{"response_put":{"header":{"revision":"3"}}}]}"""u8.ToArray(),
            "{\"result\":{\"created\":true}}\n{\"result\":{\"events\":[{\"type\":\"DELETE\",\"kv\":{\"key\":\"YQ==\"}}]}}\n"u8.ToArray(),
            """{"error":{"grpc_code":14,"http_code":503,"message":"no leader"}}"""u8.ToArray(),
        ];
        var handler = new ScriptedHandler((_, _) => Task.FromResult(
            ScriptedHandler.Bytes(Mutator.Mutate(random, corpus), random.Next(4) == 0 ? HttpStatusCode.BadRequest : HttpStatusCode.OK)));
        using var client = Client(handler);
        foreach (var request in (EngineRequest[])[new RangeRequest(KeyRange.One("/a")), Transaction, new KeepAliveRequest(1), Put])
        {
            Assert.NotNull(client.CallAsync(request).GetAwaiter().GetResult());
        }

        using var watch = client.Watch(new WatchRequest(KeyRange.Prefix("/"), 0));
        var notices = 0;
        while (watch.NextAsync().GetAwaiter().GetResult() is not WatchEnded)
        {
            Assert.True(++notices < 100);
        }
    }));

    private EtcdClient Client(ScriptedHandler handler, string user = "") => new(
        new EtcdSettings { Endpoints = [new Uri("http://one:1"), new Uri("http://two:2")], UserName = user, AnswerBytes = 4096, LineBytes = 4096 }, handler, _time);

    private static Task<HttpResponseMessage> Answer(string json, HttpStatusCode status = HttpStatusCode.OK) => Task.FromResult(ScriptedHandler.Json(json, status));

    private static Task<HttpResponseMessage> Broken() => Task.FromException<HttpResponseMessage>(new HttpRequestException("broken"));
}
