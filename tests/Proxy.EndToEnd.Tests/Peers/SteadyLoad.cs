using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>
/// New connections to an echoing peer, so many a second until it is disposed, each with a few bytes there and back and a clean end, and how they
/// failed. At most <paramref name="atOnce"/> are open: a proxy that hangs is met by fewer, not by more and more.
/// </summary>
internal sealed class SteadyLoad(IPEndPoint entry, int perSecond, int atOnce, CancellationToken limit) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly SemaphoreSlim _places = new(atOnce);
    private Task _running = Task.CompletedTask;
    private int _done;
    private long _longestTicks;

    public int Done => Volatile.Read(ref _done);

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>How long the longest since the last question took until its first answer.</summary>
    public TimeSpan TakeLongest() => TimeSpan.FromTicks(Interlocked.Exchange(ref _longestTicks, 0));

    public void Start() => _running = RunAsync();

    /// <summary>Begins no more, and returns when all have ended.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        _places.Dispose();
    }

    private async Task RunAsync()
    {
        var conversations = new List<Task>();
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        try
        {
            while (await beat.WaitForNextTickAsync(_stop.Token))
            {
                await _places.WaitAsync(_stop.Token);
                conversations.RemoveAll(conversation => conversation.IsCompleted);
                conversations.Add(ConverseAsync());
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }

        await Task.WhenAll(conversations);
    }

    private async Task ConverseAsync()
    {
        try
        {
            var watch = Stopwatch.StartNew();
            using var socket = await Dial.ToAsync(entry);
            await Exchange.PingAsync(socket, limit);
            NoteLongest(watch.Elapsed.Ticks);
            socket.Shutdown(SocketShutdown.Send);
            var rest = await socket.ReadToEndAsync(limit);
            Assert.Equal((0L, SocketError.Success), (rest.Length, rest.End));
        }
        catch (Exception failure)
        {
            _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {failure.Message}");
        }
        finally
        {
            Interlocked.Increment(ref _done);
            _places.Release();
        }
    }

    private void NoteLongest(long ticks)
    {
        long longest;
        while ((longest = Interlocked.Read(ref _longestTicks)) < ticks && Interlocked.CompareExchange(ref _longestTicks, ticks, longest) != longest)
        {
        }
    }
}
