using System.Net;
using Proxy.Cluster.Shares;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors.Tests;

/// <summary>This node's part of limits that hold across the cluster.</summary>
public sealed class SharedGateTests
{
    private const long Second = 1_000_000;
    private static readonly NetworkAddress Source = NetworkAddress.From(IPAddress.Parse("10.0.0.1"));
    private static readonly NetworkAddress Other = NetworkAddress.From(IPAddress.Parse("10.0.0.2"));

    [Fact]
    public void A_rate_gives_its_share_a_second_and_counts_what_it_turns_away()
    {
        var limit = new ClusterLimit("accepts:web", 100);
        var rate = new SharedRate(limit);
        Assert.False(rate.TryTake(0));

        limit.Set(10, 100 * Second);
        Assert.Equal(10, Enumerable.Range(0, 50).Count(_ => rate.TryTake(Second)));
        Assert.Equal(5, Enumerable.Range(0, 50).Count(_ => rate.TryTake(Second + (Second / 2))));
        limit.Set(40, 100 * Second);
        Assert.Equal(10, Enumerable.Range(0, 100).Count(_ => rate.TryTake(5 * Second)));
        Assert.Equal(40, Enumerable.Range(0, 100).Count(_ => rate.TryTake(7 * Second)));
        Assert.Equal(301, limit.Attempts);
        Assert.False(rate.TryTake(101 * Second));
    }

    [Fact]
    public void A_source_with_few_connections_asks_nobody_and_one_with_many_has_its_share()
    {
        var door = new ClusterDoor();
        var sources = new SharedSources(door, "web", 40);
        Assert.True(sources.TryTake(Source, 0));
        Assert.Empty(door.Limits);
        Assert.True(sources.TryTake(Source, 0));
        var limit = Assert.Single(door.Limits);
        Assert.Equal(("source:web:10.0.0.1", 40, 2), (limit.Id, limit.Limit, limit.Active));

        Assert.False(sources.TryTake(Source, 0));
        limit.Set(5, Second);
        Assert.Equal(3, Enumerable.Range(0, 10).Count(_ => sources.TryTake(Source, 0)));
        Assert.True(sources.TryTake(Other, 0));

        for (var count = 0; count < 5; count++)
        {
            sources.Release(Source);
        }

        Assert.Equal(0, limit.Active);
        Assert.Empty(door.Limits);
        Assert.True(sources.TryTake(Source, 0));
    }

    [Fact]
    public void A_flood_of_sources_shares_no_more_limits_than_its_bound()
    {
        var door = new ClusterDoor();
        var sources = new SharedSources(door, "web", 1);
        for (uint number = 0; number < 1000; number++)
        {
            Assert.True(sources.TryTake(new NetworkAddress(number), 0));
        }

        Assert.Equal(100, door.Limits.Count);
    }

    [Fact]
    public void What_one_limit_refuses_leaves_no_trace_at_the_others()
    {
        var (door, connections) = (new ClusterDoor(), new ClusterLimit("frontend:web", 10));
        var sources = new SharedSources(door, "web", 20);
        var gate = new SharedGate(connections, rate: null, sources);
        connections.Set(2, Second);

        Assert.Null(gate.Enter(Source, 0));
        Assert.Equal(RefusalReason.ClusterSource, gate.Enter(Source, 0));
        Assert.Null(gate.Enter(Other, 0));
        Assert.Equal(RefusalReason.ClusterConnections, gate.Enter(source: null, 0));
        Assert.Equal(2, connections.Active);

        gate.Leave(Source);
        Assert.Null(gate.Enter(Source, 0));
        Assert.Equal(2, connections.Active);
    }
}
