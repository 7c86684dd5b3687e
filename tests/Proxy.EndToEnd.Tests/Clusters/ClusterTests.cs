using System.Diagnostics;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Clusters;

/// <summary>A seed, three servers and two clients as real processes.</summary>
[Collection(OnlyWaits.First)]
public sealed class ClusterTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Streams_spread_over_the_servers_and_a_fourth_one_takes_its_share()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartAsync(servers: 3, clients: 2, echo.Address);
        await cluster.MembersAsync(cluster.Servers["server-1"], "server-1", "server-2", "server-3");
        var held = new Queue<Socket>();
        try
        {
            for (var number = 0; number < 60; number++)
            {
                held.Enqueue(await OpenAsync(cluster, number));
            }

            var streams = await cluster.StreamsAsync();
            Assert.Equal(60, streams.Values.Sum());
            Assert.All(streams, server => Assert.InRange(server.Value, 14, 26));

            await cluster.StartServerAsync("server-4");
            await cluster.TunnelsAsync(4);

            // Connections come and go, and sixty of them are there at each moment.
            for (var number = 0; (streams = await cluster.StreamsAsync())["server-4"] is < 11 or > 19 || streams.Values.Min() < 9; number++)
            {
                for (var step = 0; step < 10; step++)
                {
                    held.Enqueue(await OpenAsync(cluster, number + step));
                    held.Dequeue().Dispose();
                }
            }
        }
        finally
        {
            foreach (var socket in held)
            {
                socket.Dispose();
            }
        }
    }

    [Fact]
    public async Task A_server_is_drained_and_no_connection_fails()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartAsync(servers: 3, clients: 2, echo.Address);
        await using var first = Load(cluster.Clients[0]);
        await using var second = Load(cluster.Clients[1]);
        await DoneAsync(first, second, 20);

        cluster.Servers["server-1"].Send(Signal.Terminate);
        Assert.Equal(0, await cluster.Servers["server-1"].ExitAsync(Bound));
        await cluster.MembersAsync(cluster.Clients[0], "server-2", "server-3");
        await DoneAsync(first, second, 20);
        await first.StopAsync();
        await second.StopAsync();

        Assert.Empty(first.Failures.Concat(second.Failures));
        await cluster.TunnelsAsync(2);
    }

    [Fact]
    public async Task A_server_is_killed_and_only_its_own_streams_end_and_no_new_connection_waits_for_it()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartAsync(servers: 3, clients: 2, echo.Address);
        var held = new List<Socket>();
        try
        {
            for (var number = 0; number < 30; number++)
            {
                held.Add(await OpenAsync(cluster, number));
            }

            var own = (await cluster.StreamsAsync())["server-1"];
            Assert.InRange(own, 1, 29);
            await cluster.Servers["server-1"].KillAsync();
            Assert.True(cluster.Servers.Remove("server-1"));

            // It takes a second and a half to be sure that it is dead; nobody waits for as long.
            var longest = await OpenForAsync(cluster, TimeSpan.FromSeconds(6));

            Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
            var ended = 0;
            foreach (var socket in held)
            {
                ended += await LivesAsync(socket) ? 0 : 1;
            }

            Assert.Equal(own, ended);
            await cluster.MembersAsync(cluster.Clients[1], "server-2", "server-3");
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_frozen_server_holds_its_own_streams_only_and_they_go_on()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartAsync(servers: 3, clients: 2, echo.Address);
        var held = new List<Socket>();
        try
        {
            for (var number = 0; number < 30; number++)
            {
                held.Add(await OpenAsync(cluster, number));
            }

            cluster.Servers["server-1"].Send(Signal.Stop);
            var longest = await OpenForAsync(cluster, TimeSpan.FromSeconds(8));
            cluster.Servers["server-1"].Send(Signal.Continue);

            Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
            foreach (var socket in held)
            {
                Assert.True(await LivesAsync(socket));
            }

            await cluster.MembersAsync(cluster.Clients[0], "server-1", "server-2", "server-3");
            await cluster.TunnelsAsync(3);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task All_servers_are_replaced_one_after_the_other_and_no_connection_fails()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartAsync(servers: 3, clients: 2, echo.Address);
        await using var first = Load(cluster.Clients[0]);
        await using var second = Load(cluster.Clients[1]);
        foreach (var name in cluster.Servers.Keys.ToArray())
        {
            cluster.Servers[name].Send(Signal.Terminate);
            Assert.Equal(0, await cluster.Servers[name].ExitAsync(Bound));
            await cluster.TunnelsAsync(2);
            await cluster.StartServerAsync(name);
            await cluster.TunnelsAsync(3);
        }

        await DoneAsync(first, second, 20);
        await first.StopAsync();
        await second.StopAsync();

        Assert.Empty(first.Failures.Concat(second.Failures));
    }

    [Fact]
    public async Task The_seed_is_killed_and_started_again_and_no_connection_notices()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartAsync(servers: 3, clients: 2, echo.Address);
        using var held = await OpenAsync(cluster, 0);
        await using var first = Load(cluster.Clients[0]);
        await using var second = Load(cluster.Clients[1]);
        await DoneAsync(first, second, 20);

        await cluster.Seed.KillAsync();
        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(cluster.Clients[0])).Root.GetProperty("cluster").GetProperty("stale").GetBoolean(),
            Bound,
            () => "nobody noticed that the engine is away");
        await cluster.MembersAsync(cluster.Clients[0], "server-1", "server-2", "server-3");
        await DoneAsync(first, second, 20);

        await cluster.StartSeedAsync();
        await cluster.Clients[0].LogsAsync("members register again", Bound);
        await cluster.StartServerAsync("server-4");
        await cluster.MembersAsync(cluster.Clients[1], "server-1", "server-2", "server-3", "server-4");
        await DoneAsync(first, second, 20);
        await first.StopAsync();
        await second.StopAsync();

        Assert.Empty(first.Failures.Concat(second.Failures));
        Assert.True(await LivesAsync(held));
    }

    private SteadyLoad Load(NodeProcess client)
    {
        var load = new SteadyLoad(client.Entries[0], perSecond: 20, atOnce: 50, Limit);
        load.Start();
        return load;
    }

    private static async Task DoneAsync(SteadyLoad first, SteadyLoad second, int more)
    {
        var (one, two) = (first.Done + more, second.Done + more);
        await Wait.UntilAsync(() => first.Done >= one && second.Done >= two, Bound, () => $"connections stand still at {first.Done} and {second.Done}");
    }

    /// <summary>Opens one connection after the other, and returns how long the longest took to be answered.</summary>
    private async Task<TimeSpan> OpenForAsync(ClusterProcesses cluster, TimeSpan duration)
    {
        var longest = TimeSpan.Zero;
        var watch = Stopwatch.StartNew();
        for (var number = 0; watch.Elapsed < duration; number++)
        {
            var began = watch.Elapsed;
            using var socket = await OpenAsync(cluster, number);
            longest = watch.Elapsed - began > longest ? watch.Elapsed - began : longest;
        }

        return longest;
    }

    private async Task<Socket> OpenAsync(ClusterProcesses cluster, int number)
    {
        var entry = cluster.Clients[number % cluster.Clients.Count].Entries[0];
        var socket = await Dial.ToAsync(entry);
        await Exchange.PingAsync(socket, Limit);
        return socket;
    }

    private async Task<bool> LivesAsync(Socket socket)
    {
        try
        {
            await socket.SendAllAsync(new byte[] { 1 }, Limit);
            return await socket.ReceiveAsync(new byte[1], Limit) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
