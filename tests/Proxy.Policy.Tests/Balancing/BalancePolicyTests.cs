using Proxy.Policy.Balancing;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Balancing;

public sealed class BalancePolicyTests
{
    [Fact]
    public void Round_robin_spreads_the_turns_of_a_heavy_server()
    {
        var group = Groups.RoundRobin(Groups.Server(1, weight: 5), Groups.Server(2), Groups.Server(3));
        Assert.Equal(["s1", "s1", "s2", "s1", "s3", "s1", "s1"], group.PickNames(7));
    }

    [Fact]
    public void Round_robin_gives_exactly_the_weights_over_a_cycle() => Property.Check(100, random =>
    {
        var weights = Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(1, 30)).ToArray();
        var group = Groups.RoundRobin([.. weights.Select((weight, index) => Groups.Server(index, weight))]);
        for (var cycle = 0; cycle < 3; cycle++)
        {
            var counts = group.PickNames(weights.Sum()).CountBy(name => name).ToDictionary();
            Assert.Equal(weights, weights.Select((_, index) => counts[$"s{index}"]));
        }
    });

    [Fact]
    public void Round_robin_is_exact_again_after_servers_went_and_came() => Property.Check(50, random =>
    {
        var weights = Enumerable.Range(0, random.Next(2, 8)).Select(_ => random.Next(1, 9)).ToArray();
        var group = Groups.RoundRobin([.. weights.Select((weight, index) => Groups.Server(index, weight))]);
        for (var turn = 0; turn < 40; turn++)
        {
            group.HandleChecked(group.Servers[random.Next(1, weights.Length)], random.Next(2) == 0, "", turn);
            group.PickNames(random.Next(9), turn);
        }

        foreach (var server in group.Servers)
        {
            group.HandleChecked(server, isUp: true, "", 40);
        }

        // What is owed from before differs by less than one cycle's weights; over many cycles the shares are the weights within that.
        const int Cycles = 50;
        var counts = group.PickNames(Cycles * weights.Sum(), now: 40).CountBy(name => name).ToDictionary();
        var cycle = weights.Sum();
        Assert.All(weights, (weight, index) => Assert.InRange(counts[$"s{index}"] - (Cycles * weight), -cycle, cycle));
    });

    [Fact]
    public void Least_connections_go_to_the_server_with_the_fewest_for_its_weight()
    {
        var group = Groups.With(new LeastConnectionsPolicy(), Groups.Server(1, weight: 3), Groups.Server(2));
        for (var connection = 0; connection < 40; connection++)
        {
            group.Pick();
        }

        Assert.Equal([30, 10], group.Servers.Select(server => server.LiveConnections));
    }

    [Fact]
    public void Least_connections_fill_a_server_that_lost_its_connections()
    {
        var group = Groups.With(new LeastConnectionsPolicy(), Groups.Server(1), Groups.Server(2));
        var leases = Enumerable.Range(0, 10).Select(_ => group.Pick()).ToList();
        leases.Where(lease => lease.Server == group.Servers[1]).ToList().ForEach(lease => lease.Return());
        Assert.All(Enumerable.Range(0, 5).Select(_ => group.Pick()), lease => Assert.Same(group.Servers[1], lease.Server));
    }

    [Fact]
    public void Least_connections_among_idle_servers_take_turns()
    {
        var group = Groups.With(new LeastConnectionsPolicy(), Groups.Server(1), Groups.Server(2), Groups.Server(3));
        Assert.Equal(["s1", "s2", "s3", "s1", "s2", "s3"], group.PickNames(6));
    }

    [Fact]
    public void Least_connections_never_differ_by_more_than_one_where_weights_are_equal() => Property.Check(30, random =>
    {
        var group = Groups.With(new LeastConnectionsPolicy(), [.. Enumerable.Range(0, random.Next(1, 9)).Select(index => Groups.Server(index))]);
        for (var connection = 0; connection < 200; connection++)
        {
            group.Pick();
            Assert.InRange(group.Servers.Max(server => server.LiveConnections) - group.Servers.Min(server => server.LiveConnections), 0, 1);
        }
    });

    [Fact]
    public void Least_connections_never_pick_a_server_that_is_more_loaded_for_its_weight_than_another() => Property.Check(50, random =>
    {
        var group = Groups.With(
            new LeastConnectionsPolicy(), [.. Enumerable.Range(0, random.Next(2, 9)).Select(index => Groups.Server(index, weight: random.Next(1, 9)))]);
        var leases = new List<ServerLease>();
        for (var turn = 0; turn < 300; turn++)
        {
            if (leases.Count > 0 && random.Next(5) < 2)
            {
                var index = random.Next(leases.Count);
                leases[index].Return();
                leases.RemoveAt(index);
                continue;
            }

            var loads = group.Servers.ToDictionary(server => server, server => (server.LiveConnections + 1.0) / server.Settings.Weight);
            leases.Add(group.Pick());
            Assert.Equal(loads.Values.Min(), loads[leases[^1].Server], 9);
        }
    });

    [Fact]
    public void Random_two_follows_the_weights_of_idle_servers() => Property.Check(10, random =>
    {
        // 8000 draws: a share of p has a deviation of sqrt(p(1-p)/8000) < 0.0056; five of them are 0.028.
        int[] weights = [1, 2, 5];
        var group = Groups.With(new RandomTwoPolicy(random), [.. weights.Select((weight, index) => Groups.Server(index, weight))]);
        var counts = group.PickNames(8000).CountBy(name => name).ToDictionary();
        Assert.All(weights, (weight, index) => Assert.InRange(counts[$"s{index}"] / 8000.0, (weight / 8.0) - 0.028, (weight / 8.0) + 0.028));
    });

    [Fact]
    public void Random_two_keeps_live_connections_near_the_weights() => Property.Check(20, random =>
    {
        int[] weights = [1, 1, 2, 4];
        var group = Groups.With(new RandomTwoPolicy(random), [.. weights.Select((weight, index) => Groups.Server(index, weight))]);
        for (var connection = 0; connection < 800; connection++)
        {
            group.Pick();
        }

        // Two choices hold the load per weight within a few connections of the mean of 100, where one choice would stray by some 10 to 30.
        Assert.All(group.Servers, server => Assert.InRange((double)server.LiveConnections / server.Settings.Weight, 88, 112));
    });

    [Fact]
    public void Random_two_never_takes_the_busier_of_two_servers()
    {
        var group = Groups.With(new RandomTwoPolicy(new Random(1)), Groups.Server(1), Groups.Server(2));
        var busy = group.Pick().Server;
        Assert.DoesNotContain(busy.Settings.Name, group.PickNames(100));
    }

    [Fact]
    public void First_fills_one_server_before_the_next()
    {
        var group = Groups.With(new FirstPolicy(), Groups.Server(1, maximum: 2), Groups.Server(2, maximum: 1), Groups.Server(3));
        var leases = Enumerable.Range(0, 5).Select(_ => group.Pick()).ToList();
        Assert.Equal(["s1", "s1", "s2", "s3", "s3"], leases.Select(lease => lease.Server.Settings.Name));
        leases[1].Return();
        Assert.Equal("s1", group.Pick().Server.Settings.Name);
    }

    [Fact]
    public void The_same_seed_makes_the_same_choices() => Property.Check(30, random =>
    {
        var seed = random.Next();
        Assert.All(BalancePolicies.Names, name => Assert.Equal(Story(name, seed), Story(name, seed)));
    });

    [Fact]
    public void Another_seed_makes_other_random_choices() =>
        Assert.NotEqual(Story(BalancePolicies.RandomTwo, 1), Story(BalancePolicies.RandomTwo, 2));

    [Fact]
    public void An_unknown_policy_has_no_name_here() =>
        Assert.False(BalancePolicies.TryCreate("fastest", new Random(1), out _));

    private static string[] Story(string policy, int seed)
    {
        ServerSettings[] servers = [Groups.Server(1, 3), Groups.Server(2, maximum: 9), Groups.Server(3, 2), Groups.Server(4)];
        var group = Groups.With(Groups.Policy(policy, seed), servers);
        return [.. Enumerable.Range(0, 60).Select(client => group.Pick(client).Server.Settings.Name)];
    }
}
