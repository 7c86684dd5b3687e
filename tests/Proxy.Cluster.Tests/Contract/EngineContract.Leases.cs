using Proxy.Cluster.Engine;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Contract;

public abstract partial class EngineContract
{
    [Fact]
    public async Task A_lease_that_is_ended_takes_its_keys_along()
    {
        var lease = await Engine.ExpectAsync<LeaseAnswer>(new GrantLeaseRequest(60, 0));
        await Engine.ExpectAsync<PutAnswer>(Put("a", "one") with { Lease = lease.Id });
        await Engine.ExpectAsync<PutAnswer>(Put("b", "two") with { Lease = lease.Id });
        await Engine.ExpectAsync<PutAnswer>(Put("b", "without"));
        await Engine.ExpectAsync<DoneAnswer>(new RevokeLeaseRequest(lease.Id));

        Assert.Equal(["without"], (await Engine.ExpectAsync<RangeAnswer>(new RangeRequest(All))).Values.Select(Text));
        Assert.Equal(EngineErrorKind.NotFound, (await Engine.FailAsync(new RevokeLeaseRequest(lease.Id))).Kind);
    }

    [Fact]
    public async Task A_lease_that_nobody_keeps_alive_ends_and_watches_see_it()
    {
        var lease = await Engine.ExpectAsync<LeaseAnswer>(new GrantLeaseRequest(1, 0));
        var put = await Engine.ExpectAsync<PutAnswer>(Put("a", "one") with { Lease = lease.Id });
        using var watch = Engine.Watch(new WatchRequest(All, put.Header.Revision + 1) { ReturnsPrevious = true });
        await watch.ExpectAsync<WatchCreated>();
        var gone = Assert.Single(await watch.EventsAsync(1));

        Assert.True(lease.TtlSeconds >= 2, "one second is raised to two at least");
        Assert.True(gone.IsDelete);
        Assert.Equal(Key("a"), gone.Now.Key);
        Assert.Equal("one", Text(gone.Previous!));
        Assert.Equal(0, (await Engine.ExpectAsync<LeaseAnswer>(new KeepAliveRequest(lease.Id))).TtlSeconds);
    }

    [Fact]
    public async Task A_lease_that_is_kept_alive_outlives_its_time()
    {
        var mortal = await Engine.ExpectAsync<LeaseAnswer>(new GrantLeaseRequest(2, 0));
        var kept = await Engine.ExpectAsync<LeaseAnswer>(new GrantLeaseRequest(2, 0));
        await Engine.ExpectAsync<PutAnswer>(Put("kept", "") with { Lease = kept.Id });

        // Both were made for the same time; the one that is not kept alive says when it is over.
        await Engine.ExpectAsync<PutAnswer>(Put("mortal", "") with { Lease = mortal.Id });
        await RealTime.UntilAsync(
            async () =>
            {
                await Engine.ExpectAsync<LeaseAnswer>(new KeepAliveRequest(kept.Id));
                return (await Engine.ExpectAsync<RangeAnswer>(Get("mortal"))).Values.Count == 0;
            },
            () => "the other lease never ends");

        Assert.Single((await Engine.ExpectAsync<RangeAnswer>(Get("kept"))).Values);
        await Engine.ExpectAsync<DoneAnswer>(new RevokeLeaseRequest(kept.Id));
    }

    [Fact]
    public async Task A_lease_of_an_id_that_is_taken_is_refused_and_an_unknown_one_is_nobodys()
    {
        var id = 1_000_000_007L + _prefix.Length + Environment.ProcessId;
        await Engine.ExpectAsync<LeaseAnswer>(new GrantLeaseRequest(60, id));

        Assert.Equal(EngineErrorKind.AlreadyExists, (await Engine.FailAsync(new GrantLeaseRequest(60, id))).Kind);
        Assert.Equal(EngineErrorKind.NotFound, (await Engine.FailAsync(Put("a", "") with { Lease = id + 1 })).Kind);
        Assert.Equal(0, (await Engine.ExpectAsync<LeaseAnswer>(new KeepAliveRequest(id + 1))).TtlSeconds);
        Assert.True((await Engine.ExpectAsync<LeaseAnswer>(new KeepAliveRequest(id))).TtlSeconds > 0);
        await Engine.ExpectAsync<DoneAnswer>(new RevokeLeaseRequest(id));
    }
}
