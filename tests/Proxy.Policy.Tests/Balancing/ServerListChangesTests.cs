using System.Net;
using Proxy.Policy.Balancing;

namespace Proxy.Policy.Tests.Balancing;

public sealed class ServerListChangesTests
{
    [Fact]
    public void A_kept_server_keeps_its_counters_and_takes_its_new_settings()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2));
        var lease = group.Pick();
        var changes = group.SetServers([Groups.Server(3), Groups.Server(1, weight: 5)], 0);
        Assert.Equal(["s3"], changes.Added.Select(server => server.ToString()));
        Assert.Equal(["s1"], changes.Kept.Select(server => server.ToString()));
        Assert.Equal(["s2"], changes.Removed.Select(server => server.ToString()));
        Assert.Same(lease.Server, group.Servers[1]);
        Assert.Equal((1, 5), (lease.Server.LiveConnections, lease.Server.Settings.Weight));
        Assert.Equal([ServerChange.Removed, ServerChange.Added], group.TakeChanges());
    }

    [Fact]
    public void A_removed_server_gets_nothing_and_its_connections_go_on()
    {
        var group = Groups.RoundRobin(Groups.Server(1));
        var lease = group.Pick();
        group.SetServers([Groups.Server(2)], 0);
        Assert.Equal(["s2", "s2"], group.PickNames(2));
        Assert.Equal(ServerState.Removed, group.StateOf(lease.Server, 0));
        lease.Return();
        Assert.Equal(0, lease.Server.LiveConnections);
    }

    [Fact]
    public void An_address_that_comes_back_still_counts_its_old_connections()
    {
        var group = Groups.RoundRobin(Groups.Server(1, maximum: 1));
        var lease = group.Pick();
        group.SetServers([], 0);
        group.SetServers([Groups.Server(1, maximum: 1)], 0);
        Assert.Equal(PickStatus.AllFull, group.TryPick());
        lease.Return();
        Assert.Same(lease.Server, group.Pick().Server);
    }

    [Fact]
    public void An_address_that_comes_back_idle_begins_anew()
    {
        var group = Groups.RoundRobin(Groups.Server(1));
        var lease = group.Pick();
        group.SetServers([], 0);
        lease.Return();
        group.SetServers([Groups.Server(1)], 0);
        Assert.NotSame(lease.Server, group.Servers[0]);
    }

    [Fact]
    public void A_server_that_was_removed_while_down_comes_back_without_that_verdict()
    {
        var group = Groups.RoundRobin(Groups.Server(1));
        group.Pick();
        group.HandleChecked(group.Servers[0], isUp: false, "", 0);
        group.SetServers([], 0);
        group.SetServers([Groups.Server(1)], 0);
        Assert.Equal(ServerState.Up, group.StateOf(group.Servers[0], 0));
    }

    [Fact]
    public void Every_address_of_a_name_is_a_server()
    {
        var list = Named().Resolve("web.example", Addresses("10.0.0.2", "10.0.0.1", "10.0.0.2", "2001:db8::1"));
        Assert.Equal(["10.0.0.9:80", "10.0.0.2:8080", "10.0.0.1:8080", "[2001:db8::1]:8080"], Texts(list));
        Assert.All(list.Servers.Skip(1), server => Assert.Equal(3, server.Weight));
    }

    [Fact]
    public void Addresses_that_stay_keep_their_place_whatever_the_order_of_the_answer()
    {
        var list = Named().Resolve("web.example", Addresses("10.0.0.1", "10.0.0.2", "10.0.0.3"));
        Assert.Same(list, list.Resolve("WEB.example", Addresses("10.0.0.3", "10.0.0.1", "10.0.0.2")));
        Assert.Equal(
            ["10.0.0.9:80", "10.0.0.1:8080", "10.0.0.3:8080", "10.0.0.4:8080"],
            Texts(list.Resolve("web.example", Addresses("10.0.0.4", "10.0.0.3", "10.0.0.1"))));
    }

    [Fact]
    public void An_empty_answer_keeps_the_last_good_addresses()
    {
        var list = Named().Resolve("web.example", Addresses("10.0.0.1"));
        Assert.Same(list, list.Resolve("web.example", []));
    }

    [Fact]
    public void An_answer_for_another_name_changes_nothing()
    {
        var list = Named();
        Assert.Same(list, list.Resolve("other.example", Addresses("10.0.0.1")));
        Assert.Equal(["web.example"], list.Names);
    }

    [Fact]
    public void An_address_of_two_names_is_one_server_until_both_have_lost_it()
    {
        var list = new ServerList([ServerEntry.ForName("a", 80) with { Weight = 1 }, ServerEntry.ForName("b", 80) with { Weight = 2 }])
            .Resolve("a", Addresses("10.0.0.1"))
            .Resolve("b", Addresses("::ffff:10.0.0.1"));
        Assert.Equal([1], list.Servers.Select(server => server.Weight));
        var moved = list.Resolve("a", Addresses("10.0.0.2"));
        Assert.Equal([("10.0.0.2:80", 1), ("10.0.0.1:80", 2)], moved.Servers.Select(server => (server.Address.ToString(), server.Weight)));
    }

    [Fact]
    public void An_answer_without_end_is_cut()
    {
        var list = Named().Resolve("web.example", [.. Enumerable.Range(0, 5000).Select(Groups.Client)]);
        Assert.Equal(1 + BalancingLimits.MaximumAddressesPerName, list.Servers.Count);
    }

    [Fact]
    public void A_group_that_follows_a_name_keeps_what_stays()
    {
        var list = Named().Resolve("web.example", Addresses("10.0.0.1", "10.0.0.2"));
        var group = Groups.With(new FirstPolicy(), [.. list.Servers]);
        var before = group.Servers[1];
        var changes = group.SetServers(list.Resolve("web.example", Addresses("10.0.0.3", "10.0.0.1")).Servers, 0);
        Assert.Equal((1, 2, 1), (changes.Added.Count, changes.Kept.Count, changes.Removed.Count));
        Assert.Same(before, group.Servers[1]);
    }

    private static ServerList Named() => new(
    [
        ServerEntry.ForAddress(IPEndPoint.Parse("10.0.0.9:80")),
        ServerEntry.ForName("web.example", 8080) with { Weight = 3 },
    ]);

    private static IPAddress[] Addresses(params string[] texts) => [.. texts.Select(IPAddress.Parse)];

    private static IEnumerable<string> Texts(ServerList list) => list.Servers.Select(server => server.Address.ToString());
}
