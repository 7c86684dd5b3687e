using Proxy.Cluster.Engine;
using Proxy.Cluster.Etcd;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Contract;

/// <summary>What every engine does for this program, the real one and the embedded one alike.</summary>
public abstract partial class EngineContract(EngineFixture fixture)
{
    private static int _tests;

    // Of this test alone; an engine serves all of them.
    private readonly string _prefix = $"/test-{Interlocked.Increment(ref _tests)}/";

    private EtcdClient Engine => fixture.Client;

    [Fact]
    public async Task A_key_is_read_back_with_its_revisions()
    {
        var first = await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));
        var second = await Engine.ExpectAsync<PutAnswer>(Put("a", "two") with { ReturnsPrevious = true });
        var value = Assert.Single((await Engine.ExpectAsync<RangeAnswer>(Get("a"))).Values);

        Assert.NotEqual(0UL, first.Header.ClusterId);
        Assert.Equal("one", Text(second.Previous!));
        Assert.Equal("two", Text(value));
        Assert.Equal((first.Header.Revision, second.Header.Revision, 2L), (value.CreateRevision, value.ModRevision, value.Version));
    }

    [Fact]
    public async Task Keys_and_values_are_any_bytes()
    {
        byte[] key = [.. KeyText.Bytes(_prefix), 0, 255, 10, 200];
        await Engine.ExpectAsync<PutAnswer>(new PutRequest(key, [0, 1, 254, 255]));
        var value = Assert.Single((await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(new KeyRange(key, [])))).Values);

        Assert.Equal(key, value.Key);
        Assert.Equal([0, 1, 254, 255], value.Value);
    }

    [Fact]
    public async Task A_value_may_be_empty()
    {
        await Engine.ExpectAsync<PutAnswer>(Put("a", ""));

        Assert.Empty(Assert.Single((await Engine.ExpectAsync<RangeAnswer>(Get("a"))).Values).Value);
    }

    [Fact]
    public async Task A_prefix_is_read_in_order_and_in_parts()
    {
        foreach (var name in (string[])["b", "a", "c"])
        {
            await Engine.ExpectAsync<PutAnswer>(Put(name, name));
        }

        var all = await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All));
        var part = await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All) { Limit = 2 });

        Assert.Equal(["a", "b", "c"], all.Values.Select(Text));
        Assert.False(all.HasMore);
        Assert.Equal(["a", "b"], part.Values.Select(Text));
        Assert.True(part.HasMore);
        Assert.Equal(3, part.Count);
    }

    [Fact]
    public async Task A_range_can_leave_out_values_keys_and_what_has_not_changed()
    {
        await Engine.ExpectAsync<PutAnswer>(Put("a", "old"));
        var changed = await Engine.ExpectAsync<PutAnswer>(Put("b", "new"));
        var keys = await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All) { IsKeysOnly = true });
        var count = await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All) { IsCountOnly = true });
        var since = await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All) { MinimumModRevision = changed.Header.Revision });
        var none = await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All) { MinimumModRevision = changed.Header.Revision + 1, Limit = 1 });

        Assert.All(keys.Values, value => Assert.Empty(value.Value));
        Assert.Equal(2, keys.Values.Count);
        Assert.Equal((0, 2L), (count.Values.Count, count.Count));
        Assert.Equal(["new"], since.Values.Select(Text));
        Assert.Empty(none.Values);
        Assert.Equal(2, none.Count);
    }

    [Fact]
    public async Task A_serializable_read_is_answered()
    {
        await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));

        // A node that lags may not have it yet.
        await RealTime.UntilAsync(
            async () => (await Engine.ExpectAsync<RangeAnswer>(Get("a") with { IsSerializable = true })).Values.Count == 1, () => "the key never comes");
    }

    [Fact]
    public async Task A_deletion_says_how_many_and_what()
    {
        await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));
        await Engine.ExpectAsync<PutAnswer>(Put("b", "two"));
        var gone = await Engine.ExpectAsync<DeleteAnswer>(new DeleteRequest(All) { ReturnsPrevious = true });
        var again = await Engine.ExpectAsync<DeleteAnswer>(new DeleteRequest(All));

        Assert.Equal((2L, 0L), (gone.Deleted, again.Deleted));
        Assert.Equal(["one", "two"], gone.Previous.Select(Text));
        Assert.Equal(gone.Header.Revision, again.Header.Revision);
    }

    [Fact]
    public async Task A_transaction_does_the_one_list_or_the_other_at_one_revision()
    {
        var claim = new TransactionRequest([Comparison.IsCreatedAt(Key("a"), 0)], [Put("a", "mine"), Put("b", "too")], [Get("a")]);
        var won = await Engine.ExpectAsync<TransactionAnswer>(claim);
        var lost = await Engine.ExpectAsync<TransactionAnswer>(claim);
        var values = (await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All))).Values;

        Assert.True(won.Succeeded);
        Assert.Equal(2, won.Answers.Count);
        Assert.False(lost.Succeeded);
        Assert.Equal("mine", Text(Assert.Single(Assert.IsType<RangeAnswer>(Assert.Single(lost.Answers)).Values)));
        Assert.All(values, value => Assert.Equal(won.Header.Revision, value.ModRevision));
    }

    [Theory]
    [InlineData(ComparisonTarget.Version, ComparisonResult.Equal, 2, true)]
    [InlineData(ComparisonTarget.Version, ComparisonResult.Greater, 2, false)]
    [InlineData(ComparisonTarget.Version, ComparisonResult.Greater, 1, true)]
    [InlineData(ComparisonTarget.Version, ComparisonResult.Less, 3, true)]
    [InlineData(ComparisonTarget.Version, ComparisonResult.NotEqual, 2, false)]
    [InlineData(ComparisonTarget.Lease, ComparisonResult.Equal, 0, true)]
    public async Task A_comparison_is_what_it_says(ComparisonTarget target, ComparisonResult result, long number, bool holds)
    {
        await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));
        await Engine.ExpectAsync<PutAnswer>(Put("a", "two"));
        var answer = await Engine.ExpectAsync<TransactionAnswer>(new TransactionRequest([new Comparison(Key("a"), target, result, number, [])], [], []));

        Assert.Equal(holds, answer.Succeeded);
    }

    [Theory]
    [InlineData("a", "one", true)]
    [InlineData("a", "", false)]
    [InlineData("absent", "", false)]
    public async Task A_value_can_be_compared(string key, string value, bool holds)
    {
        await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));
        var comparison = new Comparison(Key(key), ComparisonTarget.Value, ComparisonResult.Equal, 0, KeyText.Bytes(value));
        var answer = await Engine.ExpectAsync<TransactionAnswer>(new TransactionRequest([comparison], [], []));

        Assert.Equal(holds, answer.Succeeded);
    }

    [Fact]
    public async Task A_transaction_that_puts_a_key_twice_or_has_too_much_in_it_is_refused_whole()
    {
        var twice = await Engine.FailAsync(new TransactionRequest([], [Put("a", "one"), Put("a", "two")], []));
        var many = await Engine.FailAsync(new TransactionRequest([], [.. Enumerable.Range(0, 129).Select(number => Put($"{number}", ""))], []));
        var absent = await Engine.FailAsync(new TransactionRequest([], [Put("a", "one"), Put("b", "two") with { Lease = 77 }], []));

        Assert.Equal((EngineErrorKind.Invalid, EngineErrorKind.Invalid, EngineErrorKind.NotFound), (twice.Kind, many.Kind, absent.Kind));
        Assert.Contains("duplicate key", twice.Message, StringComparison.Ordinal);
        Assert.Contains("too many operations", many.Message, StringComparison.Ordinal);
        Assert.Empty((await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All))).Values);
    }

    [Fact]
    public async Task What_is_malformed_or_too_large_is_refused()
    {
        var empty = await Engine.FailAsync(new PutRequest([], []));
        var large = await Engine.FailAsync(new PutRequest(Key("a"), new byte[1_600_000]));

        Assert.Equal((EngineErrorKind.Invalid, EngineErrorKind.Invalid), (empty.Kind, large.Kind));
        Assert.Contains("too large", large.Message, StringComparison.Ordinal);
    }

    private KeyRange All => KeyRange.Prefix(_prefix);

    private byte[] Key(string name) => KeyText.Bytes(_prefix + name);

    private PutRequest Put(string name, string value) => new(Key(name), KeyText.Bytes(value));

    private RangeRequest Get(string name) => new(KeyRange.One(_prefix + name));

    private static string Text(KeyValue value) => KeyText.Of(value.Value);
}
