using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>
/// Transfers of 50 KB/s each, so many at once all the time: each lasts for its chunks, its bytes are checked to the last one, and another one takes its place. How
/// they failed is kept.
/// </summary>
internal sealed class PacedTransfers : IAsyncDisposable
{
    private const int ChunkBytes = 5000;
    private const int Period = 251;

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private static readonly byte[] Pattern = [.. Enumerable.Range(0, ChunkBytes + Period).Select(static index => (byte)(index % Period))];

    private readonly IReadOnlyList<IPEndPoint> _entries;
    private readonly int _chunks;
    private readonly CancellationToken _limit;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private Task[] _running = [];
    private int _done;
    private int _open;

    /// <param name="entries">Of the proxies; in turn.</param>
    /// <param name="seconds">How long each lasts.</param>
    /// <param name="limit">Of the test.</param>
    public PacedTransfers(IReadOnlyList<IPEndPoint> entries, int seconds, CancellationToken limit)
    {
        (_entries, _chunks, _limit) = (entries, seconds * 10, limit);
    }

    public int Done => Volatile.Read(ref _done);

    /// <summary>Those that have received something and are not over.</summary>
    public int Open => Volatile.Read(ref _open);

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Sends as many chunks as it is told, evenly, and ends the stream.</summary>
    public static TcpPeer Peer() => new(static async (socket, cancellation) =>
    {
        var count = BitConverter.ToInt32(await socket.ReadExactlyAsync(sizeof(int), cancellation));
        using var beat = new PeriodicTimer(Beat);
        for (var chunk = 0; chunk < count; chunk++)
        {
            await socket.SendAllAsync(Pattern.AsMemory(chunk * ChunkBytes % Period, ChunkBytes), cancellation);
            await beat.WaitForNextTickAsync(cancellation);
        }

        socket.Shutdown(SocketShutdown.Send);
        await socket.ReadToEndAsync(cancellation);
    });

    public void Start(int count) => _running = [.. Enumerable.Range(0, count).Select(RunAsync)];

    /// <summary>Begins no more, and returns when all have ended.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int number)
    {
        // The first ones do not end together.
        for (var chunks = 1 + (_chunks * (number % 50) / 50); !_stop.IsCancellationRequested; chunks = _chunks)
        {
            try
            {
                await TransferAsync(_entries[number % _entries.Count], chunks);
            }
            catch (Exception failure)
            {
                _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {failure.Message}");
            }

            Interlocked.Increment(ref _done);
        }
    }

    private async Task TransferAsync(IPEndPoint entry, int chunks)
    {
        using var socket = await Dial.ToAsync(entry);
        await socket.SendAllAsync(BitConverter.GetBytes(chunks), _limit);
        var (buffer, received) = (new byte[ChunkBytes], 0);
        var isOpen = false;
        try
        {
            while (await socket.ReceiveAsync(buffer, _limit) is > 0 and var count)
            {
                if (!isOpen)
                {
                    isOpen = true;
                    Interlocked.Increment(ref _open);
                }

                Assert.True(buffer.AsSpan(0, count).SequenceEqual(Pattern.AsSpan(received % Period, count)), $"other bytes than were sent, behind {received}");
                received += count;
            }
        }
        finally
        {
            if (isOpen)
            {
                Interlocked.Decrement(ref _open);
            }
        }

        Assert.Equal(chunks * ChunkBytes, received);
    }
}
