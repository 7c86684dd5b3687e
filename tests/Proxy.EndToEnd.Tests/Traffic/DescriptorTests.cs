using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>A node with few descriptors: it does not take more connections than they carry.</summary>
public sealed class DescriptorTests : EndToEndTest
{
    private const int Descriptors = 400;

    // 256 are for everything else, two for each of 32 pipes, one for the listener; two for each connection.
    private const int Carried = (Descriptors - 256 - 64 - 1) / 2;

    [Fact]
    public async Task A_node_refuses_what_its_descriptors_do_not_carry_and_still_answers_at_its_admin_address()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await NodeProcess.StartWithDescriptorsAsync(
            Descriptors, "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", echoing.Address.ToString());
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < Carried; i++)
            {
                clients.Add(await Dial.ToAsync(relay.Tcp));
                await Exchange.PingAsync(clients[^1], Limit);
            }

            Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));

            Assert.Equal(Carried, (await NodeStatus.OfAsync(relay)).ActiveConnections);
            Assert.Contains(relay.Log, line => line.Contains($"at most {Carried} connections", StringComparison.Ordinal));
            clients[0].Dispose();
            await Wait.UntilAsync(
                async () => (await NodeStatus.OfAsync(relay)).ActiveConnections < Carried, TimeSpan.FromSeconds(10), () => "the first connection is still counted");
            clients[0] = await Dial.ToAsync(relay.Tcp);
            await Exchange.PingAsync(clients[0], Limit);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }
}
