using System.Net;
using Proxy.Policy.Balancing;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Balancing;

public sealed class SourcePolicyTests
{
    private const int Clients = 2000;

    [Fact]
    public void A_client_always_gets_the_same_server()
    {
        var group = Group(1, 1, 1, 1);
        Assert.Equal(Map(group), Map(group));
    }

    [Fact]
    public void An_IPv4_client_is_the_same_client_when_written_as_IPv6()
    {
        var group = Group(1, 1, 1, 1);
        for (var client = 0; client < 100; client++)
        {
            group.TryPick(new PickRequest(Groups.Client(client).MapToIPv6()), 0, out var lease);
            Assert.Same(group.Pick(client).Server, lease!.Server);
        }
    }

    [Fact]
    public void The_choice_is_part_of_the_contract_between_nodes()
    {
        // Computed apart from this code: nodes of different versions must agree.
        Assert.Equal(["s3", "s3", "s0", "s2", "s2", "s1", "s1", "s1"], Map(Group(1, 1, 1, 1)).Take(8));
    }

    [Fact]
    public void A_lost_server_moves_only_its_own_clients() => Property.Check(30, random =>
    {
        var group = RandomGroup(random);
        var before = Map(group);
        var lost = group.Servers[random.Next(group.Servers.Count)];
        group.HandleChecked(lost, isUp: false, "", 0);
        AssertOnlyMoved(before, Map(group), client => before[client] == lost.Settings.Name);
        group.HandleChecked(lost, isUp: true, "", 0);
        Assert.Equal(before, Map(group));
    });

    [Fact]
    public void A_new_server_takes_clients_and_moves_no_others() => Property.Check(30, random =>
    {
        var group = RandomGroup(random);
        var before = Map(group);
        var servers = group.Servers.Select(server => server.Settings).ToList();
        servers.Insert(random.Next(servers.Count + 1), Groups.Server(99, random.Next(1, 5)));
        group.SetServers(servers, 0);
        var after = Map(group);
        AssertOnlyMoved(before, after, client => after[client] == "s99");
    });

    [Fact]
    public void A_full_server_moves_only_its_own_clients()
    {
        var group = Groups.With(new SourcePolicy(), Groups.Server(1, maximum: 1), Groups.Server(2), Groups.Server(3));
        var before = Map(group);
        var lease = group.Pick(Array.IndexOf(before, "s1"));
        AssertOnlyMoved(before, Map(group), client => before[client] == "s1");
        lease.Return();
        Assert.Equal(before, Map(group));
    }

    [Fact]
    public void Shares_follow_the_weights()
    {
        // 20,000 clients: a share's deviation is below 0.0036; five of them are 0.018. The hash has no seed, so this is one fixed outcome.
        int[] weights = [1, 2, 5];
        var counts = Enumerable.Range(0, 20_000).Select(client => Choose(Group(weights), client)).CountBy(name => name).ToDictionary();
        Assert.All(weights, (weight, index) => Assert.InRange(counts[$"s{index}"] / 20_000.0, (weight / 8.0) - 0.018, (weight / 8.0) + 0.018));
    }

    [Fact]
    public void Neighbours_in_a_network_are_spread()
    {
        var group = Group(1, 1, 1, 1);
        var counts = Enumerable.Range(0, 256).Select(client => Choose(group, client)).CountBy(name => name).ToDictionary();
        Assert.All(Enumerable.Range(0, 4), index => Assert.InRange(counts[$"s{index}"], 40, 90));
    }

    [Fact]
    public void A_client_without_an_address_is_served()
    {
        var group = Group(1, 1);
        Assert.Equal(PickStatus.Picked, group.TryPick(new PickRequest(null), 0, out _));
    }

    [Fact]
    public void IPv6_clients_are_spread_too()
    {
        var group = Group(1, 1);
        var names = Enumerable.Range(1, 64).Select(client =>
        {
            group.TryPick(new PickRequest(IPAddress.Parse($"2001:db8::{client:x}")), 0, out var lease);
            return lease!.Server.Settings.Name;
        });
        Assert.InRange(names.Count(name => name == "s0"), 16, 48);
    }

    private static UpstreamGroup Group(params int[] weights) =>
        Groups.With(new SourcePolicy(), [.. weights.Select((weight, index) => Groups.Server(index, weight))]);

    private static UpstreamGroup RandomGroup(Random random) =>
        Group([.. Enumerable.Range(0, random.Next(2, 10)).Select(_ => random.Next(1, 5))]);

    private static string[] Map(UpstreamGroup group) => [.. Enumerable.Range(0, Clients).Select(client => Choose(group, client))];

    private static string Choose(UpstreamGroup group, int client)
    {
        var lease = group.Pick(client);
        lease.Return();
        return lease.Server.Settings.Name;
    }

    private static void AssertOnlyMoved(string[] before, string[] after, Func<int, bool> mayMove)
    {
        var moved = Enumerable.Range(0, Clients).Where(client => before[client] != after[client]).ToList();
        Assert.NotEmpty(moved);
        Assert.All(moved, client => Assert.True(mayMove(client), $"client {client} went from {before[client]} to {after[client]}"));
    }
}
