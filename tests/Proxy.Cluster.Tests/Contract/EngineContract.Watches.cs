using Proxy.Cluster.Engine;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Contract;

public abstract partial class EngineContract
{
    [Fact]
    public async Task A_watch_sees_the_changes_of_its_keys_in_their_order()
    {
        using var watch = Engine.Watch(new WatchRequest(All, 0) { ReturnsPrevious = true });
        var created = await watch.ExpectAsync<WatchCreated>();
        var first = await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));
        await Engine.ExpectAsync<PutAnswer>(new PutRequest(KeyText.Bytes("/elsewhere"), []));
        await Engine.ExpectAsync<PutAnswer>(Put("a", "two"));
        await Engine.ExpectAsync<DeleteAnswer>(new DeleteRequest(KeyRange.One(_prefix + "a")));
        var events = await watch.EventsAsync(3);

        Assert.Equal(first.Header.ClusterId, created.Header.ClusterId);
        Assert.True(created.Header.Revision < first.Header.Revision);
        Assert.Equal([false, false, true], events.Select(happened => happened.IsDelete));
        Assert.Equal(["one", "two", ""], events.Select(happened => Text(happened.Now)));
        Assert.Equal([null, "one", "two"], events.Select(happened => happened.Previous is { } previous ? Text(previous) : null));
        Assert.Equal(first.Header.Revision, events[0].Now.ModRevision);
        Assert.Equal(first.Header.Revision + 3, events[2].Now.ModRevision);
    }

    [Fact]
    public async Task A_watch_resumes_from_a_revision()
    {
        await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));
        var second = await Engine.ExpectAsync<PutAnswer>(Put("a", "two"));
        await Engine.ExpectAsync<PutAnswer>(Put("a", "three"));
        using var watch = Engine.Watch(new WatchRequest(All, second.Header.Revision));
        var created = await watch.ExpectAsync<WatchCreated>();
        await Engine.ExpectAsync<PutAnswer>(Put("a", "four"));

        Assert.True(created.Header.Revision >= second.Header.Revision);
        Assert.Equal(["two", "three", "four"], (await watch.EventsAsync(3)).Select(happened => Text(happened.Now)));
    }

    [Fact]
    public async Task Changes_of_one_transaction_come_together()
    {
        using var watch = Engine.Watch(new WatchRequest(All, 0));
        await watch.ExpectAsync<WatchCreated>();
        await Engine.ExpectAsync<TransactionAnswer>(new TransactionRequest([], [Put("a", "one"), Put("b", "two")], []));

        Assert.Equal(["one", "two"], (await watch.ExpectAsync<WatchEvents>()).Events.Select(happened => Text(happened.Now)));
    }

    [Fact]
    public async Task A_watch_from_what_is_compacted_ends_and_says_up_to_where()
    {
        var old = await Engine.ExpectAsync<PutAnswer>(Put("a", "one"));
        var last = await Engine.ExpectAsync<PutAnswer>(Put("a", "two"));
        await Engine.ExpectAsync<DoneAnswer>(new CompactRequest(last.Header.Revision));
        WatchEnded end;
        using (var watch = Engine.Watch(new WatchRequest(All, old.Header.Revision)))
        {
            await watch.ExpectAsync<WatchCreated>();
            end = await watch.ExpectAsync<WatchEnded>();
        }

        using var next = Engine.Watch(new WatchRequest(All, end.CompactRevision + 1));
        await next.ExpectAsync<WatchCreated>();
        await Engine.ExpectAsync<PutAnswer>(Put("a", "three"));

        Assert.Equal(EngineErrorKind.Compacted, end.Error.Kind);
        Assert.Equal(last.Header.Revision, end.CompactRevision);
        Assert.Equal("three", Text(Assert.Single(await next.EventsAsync(1)).Now));
    }

    [Fact]
    public async Task A_watch_that_is_disposed_ends()
    {
        using var watch = Engine.Watch(new WatchRequest(All, 0));
        await watch.ExpectAsync<WatchCreated>();
        var next = watch.NextAsync();
        watch.Dispose();

        Assert.Equal(EngineErrorKind.Closed, Assert.IsType<WatchEnded>(await RealTime.BoundedAsync(next)).Error.Kind);
    }
}
