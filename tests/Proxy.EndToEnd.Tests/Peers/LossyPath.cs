using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>A way between one client and a server that loses some datagrams, each direction by a seed of its own, and passes the others on at once.</summary>
internal sealed class LossyPath : IDisposable
{
    private readonly Socket _front = Open();
    private readonly Socket _back = Open();
    private readonly double _loss;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _passing;
    private volatile SocketAddress? _client;
    private long _lost;

    /// <param name="server">Where the server takes tunnels.</param>
    /// <param name="loss">The share that is lost, 0 to 1.</param>
    /// <param name="seed">Chooses which.</param>
    public LossyPath(IPEndPoint server, double loss, int seed)
    {
        _loss = loss;
        _back.Connect(server);
        _passing = Task.WhenAll(PassUpAsync(new Random(seed)), PassDownAsync(new Random(seed + 1)));
    }

    /// <summary>Where the client is to take the server to be.</summary>
    public IPEndPoint Entry => (IPEndPoint)_front.LocalEndPoint!;

    public long Lost => Interlocked.Read(ref _lost);

    public void Dispose()
    {
        _stop.Cancel();
        _passing.Wait();
        _front.Dispose();
        _back.Dispose();
        _stop.Dispose();
    }

    private async Task PassUpAsync(Random random)
    {
        var buffer = new byte[64 * 1024];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (await ReceiveAsync(_front, buffer, from) is > 0 and var count)
        {
            _client = from;
            if (Passes(random))
            {
                await _back.SendAsync(buffer.AsMemory(0, count));
            }
        }
    }

    private async Task PassDownAsync(Random random)
    {
        var buffer = new byte[64 * 1024];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (await ReceiveAsync(_back, buffer, from) is > 0 and var count)
        {
            if (_client is { } client && Passes(random))
            {
                await _front.SendToAsync(buffer.AsMemory(0, count), SocketFlags.None, client);
            }
        }
    }

    private bool Passes(Random random)
    {
        if (random.NextDouble() >= _loss)
        {
            return true;
        }

        Interlocked.Increment(ref _lost);
        return false;
    }

    private async Task<int> ReceiveAsync(Socket socket, byte[] buffer, SocketAddress from)
    {
        try
        {
            return await socket.ReceiveFromAsync(buffer, SocketFlags.None, from, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    private static Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20, SendBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
