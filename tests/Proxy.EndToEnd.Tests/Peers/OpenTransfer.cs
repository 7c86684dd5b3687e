using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>
/// One connection through a tunnel that carries random bytes one way, as many as go, until it is told that they are enough; how long its receiver ever
/// waited for the next ones; and whether all of them arrived.
/// </summary>
internal sealed class OpenTransfer : IAsyncDisposable
{
    private const int ChunkBytes = 64 * 1024;

    private readonly TaskCompletionSource<Socket> _served = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _isUpload;
    private readonly TcpPeer _peer;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _application;
    private Task<byte[]>? _sending;
    private Task<byte[]>? _receiving;
    private volatile bool _isEnough;
    private long _received;
    private long _longestWaitTicks;
    private long _lastTimestamp;

    public OpenTransfer(Direction direction)
    {
        _isUpload = direction == Direction.Up;
        _peer = new TcpPeer((socket, _) =>
        {
            _served.SetResult(socket);
            return _over.Task;
        });
    }

    /// <summary>Where the server is to connect its stream.</summary>
    public IPEndPoint Target => _peer.Address;

    public long Received => Interlocked.Read(ref _received);

    /// <summary>The longest time without a byte at the receiver since the first one, the present wait counted.</summary>
    public TimeSpan LongestWait => TimeSpan.FromTicks(Math.Max(
        Interlocked.Read(ref _longestWaitTicks),
        _receiving!.IsCompleted ? 0 : Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastTimestamp)).Ticks));

    /// <summary>Connects, and returns when bytes arrive.</summary>
    public async Task BeginAsync(IPEndPoint entry, CancellationToken cancellation)
    {
        _application = await Dial.ToAsync(entry);
        if (_isUpload)
        {
            _sending = SendAsync(_application, cancellation);
        }

        var served = await _served.Task.WaitAsync(cancellation);
        _sending ??= SendAsync(served, cancellation);
        _receiving = ReceiveAsync(_isUpload ? served : _application, cancellation);
        await MovesAsync(bytes: 4 * ChunkBytes);
    }

    /// <summary>Returns when that many more bytes have arrived.</summary>
    public async Task MovesAsync(long bytes)
    {
        var goal = Received + bytes;
        await Wait.UntilAsync(
            () => Received >= goal || _receiving!.IsFaulted || _sending!.IsFaulted,
            TimeSpan.FromSeconds(60),
            () => $"{goal - Received} of {bytes} bytes are missing, the last one came {Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastTimestamp)).TotalSeconds:F1} s ago");
        await Task.WhenAll(new Task[] { _receiving!, _sending! }.Where(task => task.IsFaulted));
    }

    /// <summary>Ends the transfer, and checks that what arrived is what was sent.</summary>
    public async Task EndAsync()
    {
        _isEnough = true;
        Assert.Equal(await _sending!, await _receiving!);
        Assert.Empty(_peer.Failures);
    }

    public async ValueTask DisposeAsync()
    {
        _isEnough = true;
        _over.TrySetResult();
        await _peer.DisposeAsync();
        _application?.Dispose();
        await Task.WhenAll(new Task?[] { _sending, _receiving }.OfType<Task>()).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private async Task<byte[]> SendAsync(Socket socket, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[ChunkBytes];
        var random = new Random(1);
        while (!_isEnough)
        {
            random.NextBytes(chunk);
            hash.AppendData(chunk);
            await socket.SendAllAsync(chunk, cancellation);
        }

        socket.Shutdown(SocketShutdown.Send);
        return hash.GetHashAndReset();
    }

    private async Task<byte[]> ReceiveAsync(Socket socket, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkBytes];
        Interlocked.Exchange(ref _lastTimestamp, Stopwatch.GetTimestamp());
        while (await socket.ReceiveAsync(buffer, cancellation) is > 0 and var count)
        {
            var wait = Stopwatch.GetElapsedTime(_lastTimestamp);
            Interlocked.Exchange(ref _lastTimestamp, Stopwatch.GetTimestamp());
            Interlocked.Exchange(ref _longestWaitTicks, Math.Max(_longestWaitTicks, wait.Ticks));
            hash.AppendData(buffer.AsSpan(0, count));
            Interlocked.Add(ref _received, count);
        }

        return hash.GetHashAndReset();
    }
}

/// <summary>Which way the bytes of a transfer go.</summary>
public enum Direction
{
    /// <summary>From the application to the server behind the tunnel.</summary>
    Up,

    Down,
}
