using System.Collections.Immutable;
using Proxy.Cluster.Members;

namespace Proxy.Actors.Tests;

public sealed class ClusterServersTests
{
    private readonly ClusterServers _servers = new(new ClusterPoolSettings("client", Servers: 2), isNative: true);

    [Fact]
    public void Those_that_are_up_and_take_tunnels_are_used()
    {
        var added = _servers.Update(View(Up("a"), Up("b") with { State = MemberState.Draining }, Up("c") with { State = MemberState.Joining }, Up("d") with { Roles = ["relay"] }), Reachable);

        Assert.Equal(["a"], added.Select(server => server.Name));
        Assert.Empty(_servers.Update(View(Up("a")), Reachable));
    }

    [Fact]
    public void A_server_that_drains_is_kept_until_another_one_is_open()
    {
        var first = Assert.Single(_servers.Update(View(Up("a")), Reachable));
        var second = Assert.Single(_servers.Update(View(Up("a") with { State = MemberState.Draining }, Up("b")), Reachable));

        Assert.True(first.IsLeft);
        Assert.Empty(_servers.TakeDropped(server => server == first));
        Assert.Equal([first], _servers.TakeDropped(server => server == second));
        Assert.Equal([second], _servers.Servers);
    }

    [Fact]
    public void With_nobody_left_the_last_ones_are_kept()
    {
        var only = Assert.Single(_servers.Update(View(Up("a")), Reachable));

        Assert.Empty(_servers.Update(View(), Reachable));

        Assert.False(only.IsLeft);
        Assert.Empty(_servers.TakeDropped(_ => true));
        Assert.Equal([only], _servers.Servers);
    }

    [Fact]
    public void A_server_with_another_address_is_another_one()
    {
        var old = Assert.Single(_servers.Update(View(Up("a")), Reachable));
        var moved = Assert.Single(_servers.Update(View(Up("a") with { Addresses = [new MemberAddress("kcp", "10.0.0.9:4000")] }), Reachable));

        Assert.True(old.IsLeft);
        Assert.Equal("kcp://10.0.0.9:4000", moved.Server.ToString());
    }

    [Fact]
    public void Addresses_that_cannot_be_read_are_passed_over()
    {
        var record = Up("a") with { Addresses = [new("quic", "10.0.0.1:1"), new("kcp", "nonsense"), new("tls", "10.0.0.1:443"), new("tls", "10.0.0.1:443")] };

        Assert.Equal("tls://10.0.0.1:443", Assert.Single(_servers.Update(View(record), Reachable)).Server.ToString());
        Assert.Empty(new ClusterServers(new ClusterPoolSettings("client"), isNative: false).Update(View(record), Reachable));
    }

    [Fact]
    public void A_new_server_takes_its_part_little_by_little()
    {
        var server = Assert.Single(_servers.Update(View(Up("a") with { Capacity = 100 }), Reachable));
        server.ReadyMicroseconds = 1_000_000;

        Assert.Equal([5, 50, 100, 100], new[] { 1_000_000L, 6_000_000, 11_000_000, 60_000_000 }.Select(server.WeightAt));
    }

    private static bool Reachable(string name) => false;

    private static MemberRecord Up(string name) =>
        new() { Name = name, Identity = "i", Roles = ["server"], State = MemberState.Up, Addresses = [new MemberAddress("kcp", $"{name}.example:4000")] };

    private static MemberView View(params MemberRecord[] records) => new()
    {
        Members = records.ToImmutableSortedDictionary(record => record.Name, record => new Member(record, 1, 1), StringComparer.Ordinal),
    };
}
