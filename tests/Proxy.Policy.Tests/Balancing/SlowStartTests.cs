using Proxy.Policy.Balancing;

namespace Proxy.Policy.Tests.Balancing;

public sealed class SlowStartTests
{
    [Theory]
    [InlineData(0, 40)]
    [InlineData(1, 400)]
    [InlineData(5, 2000)]
    [InlineData(9, 3600)]
    [InlineData(10, 4000)]
    [InlineData(1000, 4000)]
    public void The_weight_grows_in_a_line_from_a_hundredth(int seconds, long thousandths)
    {
        var group = Group(new RoundRobinPolicy());
        Bounce(group, 0);
        Assert.Equal(thousandths, group.EffectiveWeight(group.Servers[0], seconds * Groups.Second));
    }

    [Fact]
    public void A_server_of_the_first_list_begins_at_full_weight()
    {
        var group = Group(new RoundRobinPolicy());
        Assert.Equal(ServerState.Up, group.StateOf(group.Servers[0], 0));
    }

    [Fact]
    public void A_server_added_later_starts_slowly()
    {
        var group = Group(new RoundRobinPolicy());
        var added = group.SetServers([Groups.Server(1, 4), Groups.Server(2, 4), Groups.Server(3, 4)], 7 * Groups.Second).Added[0];
        Assert.Equal(ServerState.SlowStarting, group.StateOf(added, 16 * Groups.Second));
        Assert.Equal(ServerState.Up, group.StateOf(added, 17 * Groups.Second));
    }

    [Fact]
    public void A_slow_starting_server_gets_its_part_of_the_connections()
    {
        var group = Group(new RoundRobinPolicy());
        Bounce(group, 0);
        Assert.Equal(25, group.PickNames(125, 10 * Groups.Second / 4).Count(name => name == "s1"));
    }

    [Fact]
    public void Least_connections_do_not_flood_a_slow_starting_server()
    {
        var group = Group(new LeastConnectionsPolicy());
        var busy = Enumerable.Range(0, 20).Select(_ => group.Pick()).ToList();
        busy.ForEach(lease => _ = lease.Server == group.Servers[0] ? Return(lease) : lease);
        Bounce(group, 0);
        Assert.Equal(20, group.PickNames(20, Groups.Second / 10).Count(name => name == "s2"));
    }

    private static ServerLease Return(ServerLease lease)
    {
        lease.Return();
        return lease;
    }

    private static UpstreamGroup Group(IBalancePolicy policy) =>
        new([Groups.Server(1, 4), Groups.Server(2, 4)], policy, new UpstreamGroupSettings { SlowStart = TimeSpan.FromSeconds(10) });

    private static void Bounce(UpstreamGroup group, long now)
    {
        group.HandleChecked(group.Servers[0], isUp: false, "", now);
        group.HandleChecked(group.Servers[0], isUp: true, "", now);
    }
}
