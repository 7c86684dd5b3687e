using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Connections and datagrams that go out from the address that was asked for.</summary>
[Collection(OnlyWaits.First)]
public sealed class SourceAddressTests : EndToEndTest
{
    [Fact]
    public async Task A_server_connects_and_sends_from_the_addresses_it_was_given_in_turn()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var server = await NodeProcess.StartAsync(
            "server", "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--source", "127.0.0.7", "--source", "127.0.0.8", "--admin", "127.0.0.1:0");
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{server.Kcp}", "--forward", $"127.0.0.1:0={listener.LocalEndpoint}",
            "--forward-udp", $"127.0.0.1:0={datagrams.Client.LocalEndPoint}", "--admin", "127.0.0.1:0");
        var sources = new List<string>();
        for (var count = 0; count < 2; count++)
        {
            using var application = await Dial.ToAsync(client.Tcp);
            using var connection = await listener.AcceptSocketAsync(Limit);
            sources.Add($"{((IPEndPoint)connection.RemoteEndPoint!).Address}");
        }

        using var sender = new UdpClient(AddressFamily.InterNetwork);
        await sender.SendAsync(new byte[] { 1 }, new IPEndPoint(IPAddress.Loopback, client.Listening.Single(address => address.Scheme == "udp").Port), Limit);
        sources.Add($"{(await datagrams.ReceiveAsync(Limit)).RemoteEndPoint.Address}");

        Assert.All(sources, source => Assert.True(source is "127.0.0.7" or "127.0.0.8", source));
        Assert.Equal(2, sources.Distinct().Count());
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("0.0.0.0")]
    [InlineData("here")]
    public async Task What_is_no_address_of_this_machine_is_said_at_the_start(string address)
    {
        var result = await CommandResult.OfNodeAsync("relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--source", address);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"'{address}'", result.Errors, StringComparison.Ordinal);
    }
}
