using Proxy.Cluster.Shares;
using Proxy.Cluster.Tests.Harness;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Shares;

/// <summary>One limit of 1,000 at several nodes, each with its cluster actor, under virtual time.</summary>
public sealed class SharedLimitTests
{
    private const int Limit = 1000;

    [Fact]
    public void A_limit_is_divided_by_use_and_used_up()
    {
        using var cluster = new VirtualCluster();
        LimitedNode[] nodes = [.. Names(4).Select(name => new LimitedNode(cluster, name, Limit))];
        Work(cluster, nodes, seconds: 5);
        Assert.All(nodes, node => Assert.InRange(node.Share, 245, 255));
        nodes[0].Demand = Limit;
        nodes[1].Demand = 100;
        Work(cluster, nodes, seconds: 30);

        Assert.InRange(nodes[0].Active, 700, 850);
        Assert.Equal(100, nodes[1].Active);
        Assert.All(nodes, node => Assert.InRange(node.Share, Limit / 20, Limit));
        Assert.InRange(nodes.Sum(node => node.Share), Limit * 95 / 100, Limit);
    }

    [Fact]
    public void A_node_that_joins_a_flood_gets_its_part_as_connections_end()
    {
        using var cluster = new VirtualCluster();
        List<LimitedNode> nodes = [.. Names(3).Select(name => new LimitedNode(cluster, name, Limit) { Demand = Limit })];
        Work(cluster, nodes, seconds: 20);
        nodes.Add(new LimitedNode(cluster, "late", Limit) { Demand = Limit });
        for (var round = 0; round < 40; round++)
        {
            // A twentieth of the connections ends each half second.
            foreach (var node in nodes)
            {
                node.Demand = node.Active * 19 / 20;
            }

            Work(cluster, nodes, seconds: 0.1);
            foreach (var node in nodes)
            {
                node.Demand = Limit;
            }

            Work(cluster, nodes, seconds: 0.4);
        }

        Assert.InRange(nodes[3].Active, 200, 300);
        Assert.InRange(nodes.Sum(node => node.Active), Limit * 90 / 100, Limit);
    }

    [Fact]
    public void What_a_dead_node_had_is_used_again_two_seconds_after_its_lease()
    {
        using var cluster = new VirtualCluster();
        LimitedNode[] nodes = [.. Names(4).Select(name => new LimitedNode(cluster, name, Limit) { Demand = Limit })];
        Work(cluster, nodes, seconds: 20);
        var divider = nodes.Single(node => node.IsDividing);
        divider.Kill();
        LimitedNode[] left = [.. nodes.Where(node => node != divider)];

        // The lease of 5 s was renewed up to a third of it ago.
        Work(cluster, left, seconds: 7);

        Assert.InRange(left.Sum(node => node.Active), Limit * 95 / 100, Limit);
        Assert.Single(left, node => node.IsDividing);
    }

    [Fact]
    public void A_node_that_is_cut_off_keeps_what_it_has_and_takes_nothing_new_after_its_lease()
    {
        using var cluster = new VirtualCluster();
        LimitedNode[] nodes = [.. Names(2).Select(name => new LimitedNode(cluster, name, Limit) { Demand = Limit })];
        Work(cluster, nodes, seconds: 20);
        var before = nodes[1].Active;
        nodes[1].Node.Engine.CutOff();
        Work(cluster, nodes, seconds: 10);
        Assert.Equal(before, nodes[1].Active);

        nodes[1].Demand = before / 2;
        Work(cluster, nodes, seconds: 1);
        nodes[1].Demand = Limit;
        Work(cluster, nodes, seconds: 10);

        Assert.Equal(before / 2, nodes[1].Active);
        Assert.InRange(nodes[0].Active, Limit * 95 / 100, Limit);
        Assert.InRange(nodes.Sum(node => node.Active), Limit, Limit + before);
    }

    [Fact]
    public void Who_prefers_connections_to_the_limit_keeps_the_share()
    {
        using var cluster = new VirtualCluster();
        LimitedNode[] nodes = [.. Names(2).Select(name => new LimitedNode(cluster, name, Limit, AwayPolicy.KeepShare) { Demand = Limit })];
        Work(cluster, nodes, seconds: 20);
        var share = nodes[1].Share;
        nodes[1].Node.Engine.CutOff();
        nodes[1].Demand = 0;
        Work(cluster, nodes, seconds: 20);
        nodes[1].Demand = Limit;
        Work(cluster, nodes, seconds: 1);

        Assert.Equal(share, nodes[1].Active);
    }

    [Fact]
    public void A_rate_is_divided_by_what_comes_and_is_nobodys_while_the_engine_is_away()
    {
        using var cluster = new VirtualCluster();
        LimitedNode[] nodes = [.. Names(2).Select(name => new LimitedNode(cluster, name, Limit))];
        for (var tenth = 0; tenth < 200; tenth++)
        {
            for (var attempt = 0; attempt < 40; attempt++)
            {
                nodes[0].Limit.CountAttempt();
                if (attempt % 4 == 0)
                {
                    nodes[1].Limit.CountAttempt();
                }
            }

            cluster.Advance(0.1);
        }

        // 400 and 100 a second: 50 each, and four fifths and one fifth of the rest.
        Assert.InRange(nodes[0].Share, 765, 775);
        Assert.Equal(Limit, nodes.Sum(node => node.Share));
        nodes[1].Node.Engine.CutOff();
        cluster.Advance(6);
        Assert.Equal(0, nodes[1].Share);
    }

    [Fact]
    public void Nothing_is_given_twice_when_the_seed_forgets_everything()
    {
        using var cluster = new VirtualCluster();
        LimitedNode[] nodes = [.. Names(3).Select(name => new LimitedNode(cluster, name, Limit) { Demand = Limit })];
        Work(cluster, nodes, seconds: 20);

        // One cannot reach the new engine, and goes by its share for the rest of its lease.
        nodes[2].Node.Engine.CutOff();
        cluster.RestartStore(nodes[0].Node, nodes[1].Node);
        for (var tenth = 0; tenth < 45; tenth++)
        {
            Work(cluster, nodes, seconds: 0.1);
            Assert.InRange(nodes.Sum(node => node.Active), 0, Limit);
        }

        Work(cluster, nodes, seconds: 20);
        Assert.InRange(nodes.Take(2).Sum(node => node.Active), Limit * 95 / 100, Limit);
    }

    [Fact]
    public void The_limit_holds_but_for_what_was_taken_under_leases_that_have_ended() => Property.Check(25, random =>
    {
        using var run = new SharedLimitRun(random, Limit);
        for (var step = 0; step < 150; step++)
        {
            run.Step();
        }

        run.Settle();
    });

    private static IEnumerable<string> Names(int count) => Enumerable.Range(0, count).Select(number => $"node-{number}");

    private static void Work(VirtualCluster cluster, IReadOnlyCollection<LimitedNode> nodes, double seconds)
    {
        for (var tenth = 0; tenth < (int)(seconds * 10); tenth++)
        {
            foreach (var node in nodes)
            {
                node.Work();
            }

            cluster.Advance(0.1);
        }
    }
}
