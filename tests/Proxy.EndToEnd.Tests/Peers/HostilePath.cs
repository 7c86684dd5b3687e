using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>
/// A way between one client and a server that passes every datagram on, remembers some, and can be told to misuse them: it sends them again,
/// cut, with flipped bits, and with bytes of its own, to both ends, from the addresses that the ends know and from others.
/// </summary>
internal sealed class HostilePath : IDisposable
{
    private const int MostRemembered = 4096;
    private const int LargestBytes = 1400;

    private readonly Socket _front = Open();
    private readonly Socket _back = Open();
    private readonly Socket _stranger = Open();
    private readonly IPEndPoint _server;
    private readonly ConcurrentQueue<(byte[] Bytes, bool IsToServer)> _remembered = new();
    private readonly Task _passing;
    private readonly CancellationTokenSource _stop = new();
    private volatile SocketAddress? _client;
    private long _answers;

    public HostilePath(IPEndPoint server)
    {
        _server = server;
        _back.Connect(server);
        _passing = Task.WhenAll(PassUpAsync(), PassDownAsync(), CountAnswersAsync());
    }

    /// <summary>Where the client is to take the server to be.</summary>
    public IPEndPoint Entry => (IPEndPoint)_front.LocalEndPoint!;

    /// <summary>Bytes that the server has sent to the stranger's address.</summary>
    public long AnswersToStranger => Interlocked.Read(ref _answers);

    public int Remembered => _remembered.Count;

    /// <summary>Sends that many bad datagrams; returns how long it took.</summary>
    public Task<TimeSpan> MisuseAsync(int count, int seed) => Task.Factory.StartNew(
        () => Misuse(count, new Random(seed)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        _stop.Cancel();
        _front.Dispose();
        _back.Dispose();
        _stranger.Dispose();
        _passing.Wait();
        _stop.Dispose();
    }

    private TimeSpan Misuse(int count, Random random)
    {
        var watch = Stopwatch.StartNew();
        var known = _remembered.ToArray();
        for (var sent = 0; sent < count; sent++)
        {
            var (bytes, isToServer) = known[random.Next(known.Length)];
            var bad = Spoil(bytes, random);
            if (!isToServer)
            {
                _front.SendTo(bad, SocketFlags.None, _client!);
            }
            else if (random.Next(2) == 0)
            {
                _back.Send(bad);
            }
            else
            {
                // A replay of this tunnel's newest datagram from another address would be its client's move, so here it is always changed.
                bad[^1] ^= 1;
                _stranger.SendTo(bad, _server);
            }
        }

        return watch.Elapsed;
    }

    private static byte[] Spoil(byte[] bytes, Random random)
    {
        byte[] bad = [.. bytes];
        switch (random.Next(4))
        {
            case 0:
                // As it was: a replay.
                break;
            case 1:
                bad = bad[..(1 + random.Next(bad.Length))];
                break;
            case 2:
                bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
                break;
            default:
                bad = new byte[1 + random.Next(LargestBytes)];
                random.NextBytes(bad);
                break;
        }

        return bad;
    }

    private async Task PassUpAsync()
    {
        var buffer = new byte[64 * 1024];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (await ReceiveAsync(_front, buffer, from) is > 0 and var count)
        {
            _client = from;
            Remember(buffer.AsSpan(0, count), isToServer: true);
            await _back.SendAsync(buffer.AsMemory(0, count));
        }
    }

    private async Task PassDownAsync()
    {
        var buffer = new byte[64 * 1024];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (await ReceiveAsync(_back, buffer, from) is > 0 and var count)
        {
            Remember(buffer.AsSpan(0, count), isToServer: false);
            if (_client is { } client)
            {
                await _front.SendToAsync(buffer.AsMemory(0, count), SocketFlags.None, client);
            }
        }
    }

    private async Task CountAnswersAsync()
    {
        var buffer = new byte[64 * 1024];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (await ReceiveAsync(_stranger, buffer, from) is > 0 and var count)
        {
            Interlocked.Add(ref _answers, count);
        }
    }

    private void Remember(ReadOnlySpan<byte> bytes, bool isToServer)
    {
        if (_remembered.Count < MostRemembered)
        {
            _remembered.Enqueue((bytes.ToArray(), isToServer));
        }
    }

    private async Task<int> ReceiveAsync(Socket socket, byte[] buffer, SocketAddress from)
    {
        try
        {
            return await socket.ReceiveFromAsync(buffer, SocketFlags.None, from, _stop.Token);
        }
        catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException or SocketException)
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
