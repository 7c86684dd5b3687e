using System.Text;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Json;
using Proxy.Cluster.Seeds;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Json;

/// <summary>What the seed reads from whoever posts to it.</summary>
public sealed class RequestReaderTests
{
    private static readonly TransactionRequest Transaction = new(
        [Comparison.IsCreatedAt([1], 0), new Comparison([2], ComparisonTarget.Value, ComparisonResult.NotEqual, 0, [3])],
        [new PutRequest([1], [2], 3) { ReturnsPrevious = true }, new DeleteRequest(new KeyRange([4], [5]))],
        [new RangeRequest(new KeyRange([1], [])) { Limit = 3, MinimumModRevision = 4 }]);

    [Fact]
    public void What_the_client_writes_the_seed_reads()
    {
        EngineRequest[] requests =
        [
            Transaction, .. Transaction.Then, .. Transaction.Else, new GrantLeaseRequest(5, 7), new KeepAliveRequest(7), new RevokeLeaseRequest(7),
            new CompactRequest(8),
        ];
        foreach (var request in requests)
        {
            var written = RequestJson.Write(request);
            Assert.True(RequestReader.TryRead(RequestJson.PathOf(request), written, out var read, out _));
            Assert.Equal(request.GetType(), read.GetType());
            Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(RequestJson.Write(read)));
        }
    }

    [Fact]
    public void Both_spellings_numbers_as_text_and_unknown_fields_are_read()
    {
        var body = """{"key":"YQ==","rangeEnd":"Yg==","limit":"3","minModRevision":4,"unknown":{"x":[]},"keysOnly":true}"""u8.ToArray();
        Assert.True(RequestReader.TryRead("kv/range", body, out var read, out _));
        var range = Assert.IsType<RangeRequest>(read);
        Assert.Equal(("b", 3L, 4L, true), (KeyText.Of(range.Keys.End), range.Limit, range.MinimumModRevision, range.IsKeysOnly));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("""{"key":1}""")]
    [InlineData("""{"key":"not base64!"}""")]
    [InlineData("""{"key":"YQ==","limit":"three"}""")]
    [InlineData("""{"key":"YQ==","limit":99999999999999999999}""")]
    [InlineData("""{"key":"YQ==","limit":{}}""")]
    [InlineData("""{"key":"YQ==","keys_only":"yes"}""")]
    public void What_is_no_request_is_refused_with_the_reason(string body)
    {
        Assert.False(RequestReader.TryRead("kv/range", Encoding.UTF8.GetBytes(body), out _, out var error));
        Assert.Equal(EngineErrorKind.Invalid, error!.Kind);
        Assert.NotEmpty(error.Message);
    }

    [Fact]
    public void Whatever_is_posted_is_a_request_or_an_error_and_the_store_answers_it() => Property.Check(3000, random =>
    {
        var store = new SeedStore(random);
        string[] paths = ["kv/txn", "kv/range", "kv/put", "kv/deleterange", "lease/grant", "lease/keepalive", "lease/revoke", "kv/compaction"];
        EngineRequest[] requests = [Transaction, Transaction.Then[0], Transaction.Else[0], new GrantLeaseRequest(5, 7)];
        byte[][] corpus = [.. requests.Select(RequestJson.Write)];
        for (var step = 0; step < 5; step++)
        {
            var body = Mutator.Mutate(random, corpus);
            if (RequestReader.TryRead(paths[random.Next(paths.Length)], body, out var request, out var error))
            {
                Assert.NotNull(store.Handle(request, step));
            }
            else
            {
                Assert.NotNull(error);
            }

            RequestReader.TryReadWatch(body, out _, out _);
            RequestReader.TryReadAuthenticate(body, out _, out _);
        }
    });
}
