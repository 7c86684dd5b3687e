using Proxy.Cluster.Engine;
using Proxy.Cluster.Etcd;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Faults;

/// <summary>Three real etcd nodes, and what is left of them.</summary>
public sealed class QuorumTests
{
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Two_of_three_nodes_lost_is_a_clear_error_and_one_back_is_enough()
    {
        await using var etcd = await ReadyAsync();
        using var client = Clients.To(etcd.Endpoints, attempt: Attempt);
        var put = await client.ExpectAsync<PutAnswer>(Put("before"));
        using var watch = client.Watch(new WatchRequest(KeyRange.Prefix("/"), put.Header.Revision + 1));
        await watch.ExpectAsync<WatchCreated>();

        await etcd.KillAsync(1);
        await etcd.KillAsync(2);
        var write = await client.ExpectAsync<EngineFailure>(Put("lost"));
        var read = await client.ExpectAsync<EngineFailure>(new RangeRequest(KeyRange.One("/key")));
        var grant = await client.ExpectAsync<EngineFailure>(new GrantLeaseRequest(5, 0));
        Assert.All([write, read, grant], failure => Assert.True(failure.Error.IsAway, failure.ToString()));
        Assert.All([write, read, grant], failure => Assert.NotEmpty(failure.Error.Message));
        Assert.True(write.MayHaveBeenApplied);
        Assert.False(read.MayHaveBeenApplied);

        // The node that is left knows what it knew.
        using var left = Clients.To(etcd.Endpoints[0]);
        Assert.Single((await left.ExpectAsync<RangeAnswer>(new RangeRequest(KeyRange.One("/key")) { IsSerializable = true })).Values);

        etcd.Start(1);
        await WritesAgainAsync(client, "after");
    }

    [Fact]
    public async Task A_watch_at_a_node_without_quorum_ends_instead_of_being_silent()
    {
        await using var etcd = await ReadyAsync();
        using var client = Clients.To(etcd.Endpoints[0]);
        using var watch = client.Watch(new WatchRequest(KeyRange.Prefix("/"), 0));
        await watch.ExpectAsync<WatchCreated>();

        await etcd.KillAsync(1);
        await etcd.KillAsync(2);

        Assert.True((await watch.ExpectAsync<WatchEnded>()).Error.IsAway);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Any_node_may_die_and_writes_and_watches_go_on(int victim)
    {
        await using var etcd = await ReadyAsync();
        using var client = Clients.To(etcd.Endpoints, attempt: Attempt);
        var before = await client.ExpectAsync<PutAnswer>(Put("before"));

        await etcd.KillAsync(victim);
        await WritesAgainAsync(client, "after");

        // Resumed where it was, at whichever node is left: nothing is missed.
        IWatch? watch = null;
        await RealTime.UntilAsync(
            async () =>
            {
                watch?.Dispose();
                watch = client.Watch(new WatchRequest(KeyRange.Prefix("/"), before.Header.Revision + 1));
                return await RealTime.BoundedAsync(watch.NextAsync()) is WatchCreated;
            },
            () => "no watch can be opened");
        Assert.Equal("after", KeyText.Of((await watch!.EventsAsync(1))[0].Now.Value));
        watch!.Dispose();
    }

    private static async Task<EtcdNodes> ReadyAsync()
    {
        var etcd = await EtcdNodes.StartAsync(3);
        await etcd.ReadyAsync(Clients.To);
        return etcd;
    }

    private static async Task WritesAgainAsync(EtcdClient client, string value)
    {
        EngineAnswer? last = null;
        await RealTime.UntilAsync(
            async () => (last = await RealTime.BoundedAsync(client.CallAsync(Put(value)))) is PutAnswer, () => $"writes do not work again: {last}");
    }

    private static PutRequest Put(string value) => new(KeyText.Bytes("/key"), KeyText.Bytes(value));
}
