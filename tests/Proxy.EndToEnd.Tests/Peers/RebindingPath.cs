using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>
/// A NAT between clients and one server: each sender has a port of its own towards the server, and all of them get others when it is told so, as
/// when a box on the way forgets its table.
/// </summary>
internal sealed class RebindingPath : IDisposable
{
    private readonly Socket _front = Open();
    private readonly IPEndPoint _server;
    private readonly ConcurrentDictionary<EndPoint, Socket> _backs = new();
    private readonly ConcurrentBag<Task> _passing = [];
    private readonly CancellationTokenSource _stop = new();

    public RebindingPath(IPEndPoint server)
    {
        _server = server;
        _passing.Add(PassUpAsync());
    }

    /// <summary>Where clients are to take the server to be.</summary>
    public IPEndPoint Entry => (IPEndPoint)_front.LocalEndPoint!;

    /// <summary>Senders that were heard since the last change.</summary>
    public int Senders => _backs.Count;

    /// <summary>From now on the server sees every sender at another port, and what it sends to the old ones is lost.</summary>
    public void Rebind()
    {
        foreach (var sender in _backs.Keys)
        {
            if (_backs.TryRemove(sender, out var old))
            {
                // The next one is opened before this one is closed: it has another port for certain.
                Back(sender);
                old.Dispose();
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _front.Dispose();
        foreach (var back in _backs.Values)
        {
            back.Dispose();
        }

        Task.WaitAll([.. _passing]);
        _stop.Dispose();
    }

    private async Task PassUpAsync()
    {
        var buffer = new byte[64 * 1024];
        while (await ReceiveAsync(_front, buffer) is { ReceivedBytes: > 0 } received)
        {
            try
            {
                await Back(received.RemoteEndPoint).SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), _server);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Lost, as in a change of ports.
            }
        }
    }

    private async Task PassDownAsync(Socket back, EndPoint sender)
    {
        var buffer = new byte[64 * 1024];
        while (await ReceiveAsync(back, buffer) is { ReceivedBytes: > 0 } received)
        {
            await _front.SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), sender);
        }
    }

    private Socket Back(EndPoint sender) => _backs.GetOrAdd(sender, _ =>
    {
        var back = Open();
        _passing.Add(PassDownAsync(back, sender));
        return back;
    });

    private async Task<SocketReceiveFromResult?> ReceiveAsync(Socket socket, byte[] buffer)
    {
        try
        {
            return await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private static Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20, SendBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
