using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Clusters;

/// <summary>Three nodes of etcd, servers and clients that find each other by it, new connections all the time; then nodes of etcd die, each time of three healthy ones.</summary>
[Collection(OnlyWaits.Third)]
public sealed class EtcdFaultTests : EndToEndTest
{
    private static readonly int NewPerSecond = Scale.Pick(20, 200);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Traffic_goes_on_whatever_dies_of_etcd_and_members_change_with_the_majority()
    {
        await using var etcd = await EtcdCluster.StartAsync(3);
        await using var echo = TcpPeer.Echo();
        await using var cluster = ClusterProcesses.At(etcd.Endpoints, echo.Address);
        await cluster.StartServerAsync("server-1");
        await cluster.StartServerAsync("server-2");
        var client = await cluster.StartClientAsync("client-1", "--cluster", etcd.Endpoints, "--cluster-servers", "4");
        await cluster.TunnelsAsync(2);
        await using var load = new SteadyLoad(client.Entries[0], NewPerSecond, atOnce: 200, Limit);
        load.Start();
        await MoreAsync(load);

        var leader = await etcd.LeaderAsync();
        var follower = (leader + 1) % 3;
        await etcd.KillAsync(follower);
        await ChangeAsync(cluster, client, "after the follower");
        await etcd.StartNodeAsync(follower);
        await MoreAsync(load);

        leader = await etcd.LeaderAsync();
        await etcd.KillAsync(leader);
        await ChangeAsync(cluster, client, "after the leader");
        await etcd.StartNodeAsync(leader);
        await MoreAsync(load);

        leader = await etcd.LeaderAsync();
        await etcd.KillAsync(leader, (leader + 1) % 3);
        await cluster.StartServerAsync("server-9");
        await MoreAsync(load);
        Assert.DoesNotContain("server-9", await MembersAsync(client));

        await etcd.StartNodeAsync(leader);
        await cluster.MembersAsync(client, "server-1", "server-2", "server-9");
        await MoreAsync(load);
        await load.StopAsync();
        Assert.Empty(load.Failures);
    }

    /// <summary>A server joins and leaves, and the client hears of both.</summary>
    private static async Task ChangeAsync(ClusterProcesses cluster, NodeProcess client, string what)
    {
        var name = $"server-{what.Replace(' ', '-')}";
        var server = await cluster.StartServerAsync(name);
        await cluster.MembersAsync(client, "server-1", "server-2", name);
        server.Send(Signal.Terminate);
        Assert.Equal(0, await server.ExitAsync(Bound));
        await cluster.MembersAsync(client, "server-1", "server-2");
        cluster.Servers.Remove(name);
    }

    private static async Task<IReadOnlyList<string?>> MembersAsync(NodeProcess node) =>
        [.. (await NodeStatus.OfAsync(node)).Root.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("name").GetString())];

    private static async Task MoreAsync(SteadyLoad load)
    {
        var goal = load.Done + (2 * NewPerSecond);
        await Wait.UntilAsync(() => load.Done >= goal, Bound, () => $"connections stand still at {load.Done}");
    }
}
