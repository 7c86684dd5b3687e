using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A proxy client and a proxy server with a KCP tunnel between them, and one forward per target; all on 127.0.0.1.</summary>
internal sealed class TunnelPair : IAsyncDisposable
{
    private TunnelPair(NodeProcess server, NodeProcess client)
    {
        Server = server;
        Client = client;
    }

    public NodeProcess Server { get; private set; }

    public NodeProcess Client { get; }

    /// <summary>Where the first target is reached through the tunnel.</summary>
    public IPEndPoint Entry => Client.Entries[0];

    public static async Task<TunnelPair> StartAsync(params IPEndPoint[] targets)
    {
        var server = await StartServerAsync(port: 0);
        try
        {
            return new TunnelPair(server, await StartClientAsync(server.Kcp.Port, targets));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public static Task<NodeProcess> StartServerAsync(int port, string allowed = "127.0.0.0/8") => NodeProcess.StartAsync(
        "server", "--dialect", "vproxy", "--listen", $"kcp://127.0.0.1:{port}", "--allow-destination", allowed, "--admin", "127.0.0.1:0");

    public static Task<NodeProcess> StartClientAsync(int serverPort, params IPEndPoint[] targets) => NodeProcess.StartAsync(
        ["client", "--dialect", "vproxy", "--server", $"kcp://127.0.0.1:{serverPort}", .. Forwards(targets), "--admin", "127.0.0.1:0"]);

    /// <summary>Starts the server again on the port it had.</summary>
    public async Task RestartServerAsync()
    {
        var port = Server.Kcp.Port;
        await Server.DisposeAsync();
        Server = await StartServerAsync(port);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static IEnumerable<string> Forwards(IEnumerable<IPEndPoint> targets) =>
        targets.SelectMany(target => new[] { "--forward", $"127.0.0.1:0={target}" });
}
