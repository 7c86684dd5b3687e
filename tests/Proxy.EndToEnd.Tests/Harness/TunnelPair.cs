using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A proxy client and a proxy server with a KCP tunnel between them, and one forward per target; all on 127.0.0.1.</summary>
internal sealed class TunnelPair : IAsyncDisposable
{
    private readonly Dialect _dialect;

    private TunnelPair(Dialect dialect, NodeProcess server, NodeProcess client)
    {
        _dialect = dialect;
        Server = server;
        Client = client;
    }

    public NodeProcess Server { get; private set; }

    public NodeProcess Client { get; }

    /// <summary>Where the first target is reached through the tunnel.</summary>
    public IPEndPoint Entry => Client.Entries[0];

    public static Task<TunnelPair> StartAsync(params IPEndPoint[] targets) => StartAsync(Dialect.Native, targets);

    public static async Task<TunnelPair> StartAsync(Dialect dialect, params IPEndPoint[] targets)
    {
        var server = await StartServerAsync(dialect, port: 0);
        try
        {
            return new TunnelPair(dialect, server, await StartClientAsync(dialect, server.Kcp.Port, targets));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public static Task<NodeProcess> StartServerAsync(int port, string allowed = "127.0.0.0/8") => StartServerAsync(Dialect.Native, port, allowed);

    public static Task<NodeProcess> StartServerAsync(Dialect dialect, int port, string allowed = "127.0.0.0/8") => NodeProcess.StartAsync(
        "server", "--dialect", NameOf(dialect), "--listen", $"kcp://127.0.0.1:{port}", "--allow-destination", allowed, "--admin", "127.0.0.1:0");

    public static Task<NodeProcess> StartClientAsync(int serverPort, params IPEndPoint[] targets) => StartClientAsync(Dialect.Native, serverPort, targets);

    public static Task<NodeProcess> StartClientAsync(Dialect dialect, int serverPort, params IPEndPoint[] targets) => NodeProcess.StartAsync(
        ["client", "--dialect", NameOf(dialect), "--server", $"kcp://127.0.0.1:{serverPort}", .. Forwards(targets), "--admin", "127.0.0.1:0"]);

    /// <summary>Starts the server again on the port it had.</summary>
    public async Task RestartServerAsync()
    {
        var port = Server.Kcp.Port;
        await Server.DisposeAsync();
        Server = await StartServerAsync(_dialect, port);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static string NameOf(Dialect dialect) => dialect == Dialect.Native ? "native" : "vproxy";

    private static IEnumerable<string> Forwards(IEnumerable<IPEndPoint> targets) =>
        targets.SelectMany(target => new[] { "--forward", $"127.0.0.1:0={target}" });
}
