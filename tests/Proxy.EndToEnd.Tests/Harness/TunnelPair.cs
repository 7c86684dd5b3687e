using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A proxy client and a proxy server with a tunnel between them, and one forward per target; all on 127.0.0.1.</summary>
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
            return new TunnelPair(dialect, server, await StartClientAsync(dialect, server.Tunnels.Port, targets));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public static Task<NodeProcess> StartServerAsync(int port, string allowed = "127.0.0.0/8") => StartServerAsync(Dialect.Native, port, allowed);

    public static Task<NodeProcess> StartServerAsync(Dialect dialect, int port, string allowed = "127.0.0.0/8") => NodeProcess.StartAsync(
        ["server", "--dialect", NameOf(dialect), "--listen", $"{SchemeOf(dialect)}://127.0.0.1:{port}", .. TlsOfServer(dialect),
            "--allow-destination", allowed, "--admin", "127.0.0.1:0"]);

    public static Task<NodeProcess> StartClientAsync(int serverPort, params IPEndPoint[] targets) => StartClientAsync(Dialect.Native, serverPort, targets);

    public static Task<NodeProcess> StartClientAsync(Dialect dialect, int serverPort, params IPEndPoint[] targets) => NodeProcess.StartAsync(
        ["client", "--dialect", NameOf(dialect), "--server", $"{SchemeOf(dialect)}://127.0.0.1:{serverPort}", .. TlsOfClient(dialect),
            .. Forwards(targets), "--admin", "127.0.0.1:0"]);

    /// <summary>Starts the server again on the port it had.</summary>
    public async Task RestartServerAsync()
    {
        var port = Server.Tunnels.Port;
        await Server.DisposeAsync();
        Server = await StartServerAsync(_dialect, port);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static string NameOf(Dialect dialect) => dialect == Dialect.Vproxy ? "vproxy" : "native";

    private static string SchemeOf(Dialect dialect) => dialect switch
    {
        Dialect.NativeTcp => "tcp",
        Dialect.NativeTls => "tls",
        _ => "kcp",
    };

    private static string[] TlsOfServer(Dialect dialect) =>
        dialect == Dialect.NativeTls ? ["--tls-cert", SharedCertificates.Server] : [];

    private static string[] TlsOfClient(Dialect dialect) =>
        dialect == Dialect.NativeTls ? ["--tls-ca", SharedCertificates.Authority] : [];

    private static IEnumerable<string> Forwards(IEnumerable<IPEndPoint> targets) =>
        targets.SelectMany(target => new[] { "--forward", $"127.0.0.1:0={target}" });
}
