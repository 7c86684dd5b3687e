using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>
/// A server at 127.0.0.1 that serves every connection by one function and closes it when the function returns.
/// What went wrong while serving is kept, for the test to ask for.
/// </summary>
internal sealed class TcpPeer : IAsyncDisposable
{
    private const int Backlog = 1024;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<Socket, CancellationToken, Task> _serve;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Exception> _failures = new();
    private readonly Task _accepting;
    private int _accepted;

    /// <param name="serve">One connection.</param>
    /// <param name="receiveBufferBytes">Of each connection; null: the kernel's own choice.</param>
    /// <param name="at">Where to listen; null: any free port.</param>
    public TcpPeer(Func<Socket, CancellationToken, Task> serve, int? receiveBufferBytes = null, IPEndPoint? at = null)
    {
        _serve = serve;
        if (receiveBufferBytes is { } bytes)
        {
            _listener.ReceiveBufferSize = bytes;
        }

        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(at ?? new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(Backlog);
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address { get; }

    public int Accepted => Volatile.Read(ref _accepted);

    public IReadOnlyCollection<Exception> Failures => _failures;

    /// <summary>Sends back what it reads, and ends the stream when it was ended.</summary>
    public static TcpPeer Echo() => new(EchoAsync);

    /// <summary>The same for one connection.</summary>
    public static async Task EchoAsync(Socket socket, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer, cancellation) is > 0 and var count)
        {
            await socket.SendAllAsync(buffer.AsMemory(0, count), cancellation);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Reads to the end of the stream, answers with the SHA-256 of what it read, and closes at once.</summary>
    public static TcpPeer Digesting(IPEndPoint? at = null) => new(
        static async (socket, cancellation) =>
        {
            var reading = await socket.ReadToEndAsync(cancellation);
            if (reading.End == SocketError.Success)
            {
                await socket.SendAllAsync(reading.Digest, cancellation);
            }
        },
        at: at);

    /// <summary>Sends the same content to everybody, then ends the stream.</summary>
    public static TcpPeer Sending(Content content) => new(async (socket, cancellation) =>
    {
        await content.SendAsync(socket, cancellation);
        socket.Shutdown(SocketShutdown.Send);
        await socket.ReadToEndAsync(cancellation);
    });

    /// <summary>Takes nothing new; returns when the connections that there are have ended.</summary>
    public async Task LeaveAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                serving.Add(ServeAsync(socket));
            }
        }
        catch (Exception closed) when (closed is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            socket.NoDelay = true;
            try
            {
                await _serve(socket, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                socket.Reset();
            }
            catch (Exception failure)
            {
                _failures.Enqueue(failure);
            }
        }
    }
}
