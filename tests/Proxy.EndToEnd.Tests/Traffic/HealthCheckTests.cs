using System.Text;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>A relay that asks its servers over HTTP.</summary>
[Collection(OnlyWaits.Second)]
public sealed class HealthCheckTests : EndToEndTest
{
    [Fact]
    public async Task A_server_that_answers_503_goes_down_and_comes_back_with_200()
    {
        var status = "200 OK";
        await using var web = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.ReadExactlyAsync("GET /health HTTP/1.1\r\n".Length, cancellation);
            await socket.SendAllAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Volatile.Read(ref status)}\r\nContent-Length: 0\r\n\r\n"), cancellation);
            await socket.ReadToEndAsync(cancellation);
        });
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", web.Address.ToString(), "--check", "http:/health", "--check-interval", "100ms");

        Volatile.Write(ref status, "503 Service Unavailable");
        await IsAsync(relay, "down");
        await relay.LogsAsync("is down: status 503", TimeSpan.FromSeconds(5));
        Volatile.Write(ref status, "200 OK");
        await IsAsync(relay, "up");
    }

    private static Task IsAsync(NodeProcess relay, string state) => Wait.UntilAsync(
        async () => (await NodeStatus.OfAsync(relay)).Root.GetProperty("upstreams")[0].GetProperty("servers")[0].GetProperty("state").GetString() == state,
        TimeSpan.FromSeconds(20),
        () => $"the server is not {state}");
}
