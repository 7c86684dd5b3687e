using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>An origin server that does what the test says with each connection, and keeps what it was asked.</summary>
internal sealed class ScriptedOrigin : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;
    private int _connections;

    /// <param name="script">The number of the connection, from 1, and what to do with it; it is closed afterwards.</param>
    /// <param name="listener">Null: any free port of 127.0.0.1.</param>
    public ScriptedOrigin(Func<int, OriginConnection, Task> script, TcpListener? listener = null)
    {
        _listener = listener ?? new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        _serving = ServeAsync(script);
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeAsync(Func<int, OriginConnection, Task> script)
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptSocketAsync(_end.Token);
                await script(Interlocked.Increment(ref _connections), new OriginConnection(socket, _end.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}

internal sealed class OriginConnection(Socket socket, CancellationToken end)
{
    private string _unread = "";

    /// <summary>The next head, as it came.</summary>
    public async Task<string> HeadAsync()
    {
        int at;
        while ((at = _unread.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            await ReadAsync();
        }

        var head = _unread[..(at + 4)];
        _unread = _unread[(at + 4)..];
        return head;
    }

    public async Task<string> BodyAsync(int length)
    {
        while (_unread.Length < length)
        {
            await ReadAsync();
        }

        var body = _unread[..length];
        _unread = _unread[length..];
        return body;
    }

    public async Task SayAsync(string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text), end);

    /// <summary>Until the other end has closed, or is gone with its process.</summary>
    public async Task StayAsync()
    {
        var buffer = new byte[1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, end) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The test has ended the proxy before this server.
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[4096];
        var count = await socket.ReceiveAsync(buffer, end);
        _unread += count > 0 ? Encoding.Latin1.GetString(buffer, 0, count) : throw new OperationCanceledException();
    }
}
