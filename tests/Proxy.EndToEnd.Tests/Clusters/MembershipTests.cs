using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Clusters;

/// <summary>What clients know of the members, by tunnels or by the engine, and where their streams go by it.</summary>
[Collection(OnlyWaits.Second)]
public sealed class MembershipTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("kcp")]
    [InlineData("tcp")]
    public async Task A_client_that_is_given_one_server_learns_the_others_from_it_and_outlives_it(string transport)
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartSeedAloneAsync(echo.Address);
        string[] listen = transport == "kcp" ? [] : ["--listen", "tcp://127.0.0.1:0"];
        var first = await cluster.StartServerAsync("server-1", listen);
        await cluster.StartServerAsync("server-2");
        var named = transport == "kcp" ? $"kcp://{first.Kcp}" : $"tcp://{first.Tcp}";
        var client = await cluster.StartClientAsync("client", "--server", named, "--cluster-servers", "4");
        await cluster.TunnelsAsync(2, atLeast: true);

        await cluster.StartServerAsync("server-3");
        await client.LogsAsync("tunnels are kept to the cluster's server server-3", Bound);
        await cluster.TunnelsAsync(3, atLeast: true);
        await first.KillAsync();
        cluster.Servers.Remove("server-1");
        using var held = await OpenAsync(client);

        Assert.Equal(1, (await cluster.StreamsAsync()).Values.Sum());
    }

    [Fact]
    public async Task Streams_go_to_servers_of_the_own_zone_as_long_as_there_are_any()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartSeedAloneAsync(echo.Address);
        await cluster.StartServerAsync("near-1", "--zone", "here");
        await cluster.StartServerAsync("near-2", "--zone", "here");
        await cluster.StartServerAsync("far-1", "--zone", "there");
        await cluster.StartServerAsync("far-2", "--zone", "there");
        var client = await cluster.StartClientAsync("client", "--cluster", cluster.Endpoint, "--zone", "here");
        await cluster.TunnelsAsync(3);
        var held = new List<Socket>();
        try
        {
            await HoldAsync(client, held, 20);
            var streams = await cluster.StreamsAsync();
            Assert.Equal(20, streams["near-1"] + streams["near-2"]);

            await cluster.Servers["near-1"].KillAsync();
            await cluster.Servers["near-2"].KillAsync();
            Assert.True(cluster.Servers.Remove("near-1") && cluster.Servers.Remove("near-2"));
            await HoldAsync(client, held, 10);

            Assert.Equal(10, (await cluster.StreamsAsync()).Values.Sum());
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_server_at_its_capacity_is_busy_and_the_client_goes_elsewhere_in_the_same_connect()
    {
        await using var echo = TcpPeer.Echo();
        await using var cluster = await ClusterProcesses.StartSeedAloneAsync(echo.Address);
        await cluster.StartServerAsync("small", "--capacity", "5");
        await cluster.StartServerAsync("large", "--capacity", "40");
        var first = await cluster.StartClientAsync("client-1", "--cluster", cluster.Endpoint);
        var second = await cluster.StartClientAsync("client-2", "--cluster", cluster.Endpoint);
        await cluster.TunnelsAsync(2);
        var held = new List<Socket>();
        try
        {
            for (var count = 0; count < 20; count++)
            {
                await HoldAsync(first, held, 1);
                await HoldAsync(second, held, 1);
            }

            var streams = await cluster.StreamsAsync();
            Assert.InRange(streams["small"], 1, 5);
            Assert.Equal(40, streams.Values.Sum());
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    private async Task HoldAsync(NodeProcess client, List<Socket> held, int count)
    {
        for (var number = 0; number < count; number++)
        {
            held.Add(await OpenAsync(client));
        }
    }

    private async Task<Socket> OpenAsync(NodeProcess client)
    {
        var socket = await Dial.ToAsync(client.Entries[0]);
        await Exchange.PingAsync(socket, Limit);
        return socket;
    }
}
