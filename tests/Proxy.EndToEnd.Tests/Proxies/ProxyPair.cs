using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>A proxy server, and a proxy client with a frontend whose users say where they want to go; all on 127.0.0.1.</summary>
internal sealed class ProxyPair : IAsyncDisposable
{
    private ProxyPair(NodeProcess server, NodeProcess client) => (Server, Client) = (server, client);

    public NodeProcess Server { get; }

    public NodeProcess Client { get; }

    public IPEndPoint Entry => Client.Proxy;

    public static async Task<ProxyPair> StartAsync(params string[] ofClient)
    {
        var server = await NodeProcess.StartAsync("server", "--listen", "tcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");
        try
        {
            return new ProxyPair(server, await NodeProcess.StartAsync(
                ["client", "--server", $"tcp://{server.Tunnels}", "--admin", "127.0.0.1:0", .. ofClient.Length == 0 ? ["--mixed", "127.0.0.1:0"] : ofClient]));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public static Task<CommandResult> CurlAsync(params string[] arguments) =>
        CommandResult.OfAsync(Executables.RequirePeer("curl"), ["--silent", "--show-error", "--max-time", "20", "--noproxy", "", .. arguments]);

    /// <summary>All that is answered until the end, to a client that sends these bytes and waits.</summary>
    public async Task<byte[]> SayAsync(byte[] bytes, CancellationToken limit)
    {
        using var socket = await Dial.ToAsync(Entry);
        await socket.SendAsync(bytes, limit);
        return await ReadAsync(socket, limit);
    }

    public static async Task<byte[]> ReadAsync(Socket socket, CancellationToken limit)
    {
        using var all = new MemoryStream();
        await new NetworkStream(socket).CopyToAsync(all, limit);
        return all.ToArray();
    }

    public static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
