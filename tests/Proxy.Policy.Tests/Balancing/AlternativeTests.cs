using System.Net;
using Proxy.Policy.Balancing;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Balancing;

/// <summary>Other addresses of the name that a server came from.</summary>
public sealed class AlternativeTests
{
    [Fact]
    public void A_server_that_was_given_by_address_has_none()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2));
        Assert.False(group.TryPickAlternative(group.Servers[0], default, out _));
    }

    [Fact]
    public void The_family_of_the_other_kind_comes_first_then_the_least_loaded()
    {
        var group = Groups.RoundRobin(Named("192.0.2.1"), Named("192.0.2.2"), Named("192.0.2.3"), Named("2001:db8::1"));
        Assert.Equal(PickStatus.Picked, group.TryPick(group.Servers[0], group.Servers[2], group.Servers[3]));

        Assert.Equal("2001:db8::1", Take(group, 0, tried: []));
        Assert.Equal("192.0.2.3", Take(group, 0, tried: [3]));
        Assert.Equal("192.0.2.2", Take(group, 0, tried: [2, 3]));
        Assert.Null(Take(group, 0, tried: [1, 2, 3]));
        Assert.Equal([0, 2, 1, 1], group.Servers.Select(server => server.LiveConnections));
    }

    [Fact]
    public void Another_name_another_port_a_full_and_a_lost_address_are_none()
    {
        var group = Groups.RoundRobin(
            Named("192.0.2.1"), Named("192.0.2.2", name: "other.example"), Named("192.0.2.1", port: 81), Named("192.0.2.3") with { MaximumConnections = 1 },
            Named("192.0.2.4"));
        group.HandleChecked(group.Servers[4], isUp: false, "", 0);
        Assert.Equal("192.0.2.3", Take(group, 0, tried: []));
        Assert.Null(Take(group, 0, tried: []));
    }

    [Fact]
    public void Whatever_is_taken_counts_and_no_maximum_is_exceeded() => Property.Check(100, random =>
    {
        var group = Groups.RoundRobin([.. Enumerable.Range(1, random.Next(2, 7)).Select(host => Named($"192.0.2.{host}") with { MaximumConnections = random.Next(1, 4) })]);
        var leases = new List<ServerLease>();
        for (var turn = 0; turn < 200; turn++)
        {
            var server = group.Servers[random.Next(group.Servers.Count)];
            if (random.Next(3) == 0 && leases.Count > 0)
            {
                leases[0].Return();
                leases.RemoveAt(0);
            }
            else if (group.TryPickAlternative(server, new PickRequest(null, [group.Servers[0]]), out var lease))
            {
                Assert.NotSame(server, lease.Server);
                Assert.NotSame(group.Servers[0], lease.Server);
                leases.Add(lease);
            }

            Assert.All(group.Servers, each => Assert.InRange(each.LiveConnections, 0, each.Settings.MaximumConnections));
            Assert.Equal(leases.Count, group.Servers.Sum(each => each.LiveConnections));
        }
    });

    private static string? Take(UpstreamGroup group, int server, int[] tried)
    {
        var request = new PickRequest(null, [.. tried.Select(index => group.Servers[index])]);
        return group.TryPickAlternative(group.Servers[server], request, out var lease) ? lease.Server.Settings.Address.Address.ToString() : null;
    }

    private static ServerSettings Named(string address, string name = "web.example", int port = 80) =>
        new($"{name}/{address}", new IPEndPoint(IPAddress.Parse(address), port)) { HostName = name };
}
