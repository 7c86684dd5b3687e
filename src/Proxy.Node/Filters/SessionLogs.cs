using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Policy.Filters;

namespace Proxy.Node.Filters;

/// <summary>
/// Writes the logs of filters, a file per connection, from one thread of the pool at a time: loops never wait for a disk. What a disk is too slow
/// for is dropped and counted, in its file; memory that waits for it is bounded for each file and for all. For any thread.
/// </summary>
internal sealed class SessionLogs : IThreadPoolWorkItem
{
    // A disk that stands still for a second under a few fast connections.
    private const long MaximumWaitingBytes = 64L * 1024 * 1024;

    private readonly Action<IThreadPoolWorkItem> _execute;
    private readonly Lock _lock = new();
    private readonly Queue<SessionLog> _ready = new();
    private TaskCompletionSource? _idle;
    private long _waitingBytes;
    private long _lastFile;

    /// <param name="execute">Runs work on a thread that may wait for a disk, in a while.</param>
    public SessionLogs(Action<IThreadPoolWorkItem> execute)
    {
        _execute = execute;
    }

    /// <summary>The one of this process: whatever asks for logs, one thread writes them.</summary>
    public static SessionLogs Instance { get; } = new(work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false));

    /// <summary>Where failures of files are told.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Why files cannot be made in the directory; null when they can.</summary>
    public static string? WhyNot(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return $"the directory '{directory}' does not exist";
        }

        try
        {
            var probe = Path.Combine(directory, $".tcpproxy-{Environment.ProcessId}-{Guid.NewGuid():n}");
            using var file = new FileStream(probe, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"no file can be made in '{directory}': {failure.Message}";
        }
    }

    /// <summary>
    /// A log for a connection; its file is made with its first line. Nothing of the file's name comes from a peer: the frontend, the moment, and
    /// a number of this process.
    /// </summary>
    public IFilterLog Open(string directory, FilterConnection connection)
    {
        var frontend = string.Concat(connection.Frontend.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-'));
        var began = DateTime.UtcNow;
        var number = Interlocked.Increment(ref _lastFile);
        var name = string.Create(CultureInfo.InvariantCulture, $"{frontend}-{began:yyyyMMdd'T'HHmmss.fff}-{number:d6}.log");
        var title = string.Create(
            CultureInfo.InvariantCulture,
            $"# {connection.Frontend} {connection.Client} -> {connection.Upstream}, connection {connection.Id}, {began:yyyy-MM-dd'T'HH:mm:ss.fff}Z\n");
        return new SessionLog(this, Path.Combine(directory, name), title);
    }

    /// <summary>Waits until all that was given so far is written or given up, or the time is over.</summary>
    public async Task WhenIdle(TimeSpan limit)
    {
        Task idle;
        lock (_lock)
        {
            idle = _idle?.Task ?? Task.CompletedTask;
        }

        await Task.WhenAny(idle, Task.Delay(limit));
    }

    /// <summary>Whether so many bytes more may wait; if so they do.</summary>
    internal bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _waitingBytes, bytes) <= MaximumWaitingBytes)
        {
            return true;
        }

        Interlocked.Add(ref _waitingBytes, -bytes);
        return false;
    }

    internal void Release(int bytes) => Interlocked.Add(ref _waitingBytes, -bytes);

    /// <summary>The log has something to write. Not again before it was told to.</summary>
    internal void Schedule(SessionLog log)
    {
        lock (_lock)
        {
            _ready.Enqueue(log);
            if (_idle is not null)
            {
                return;
            }

            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _execute(this);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (TryTake(out var log))
        {
            log!.WriteOut();
        }
    }

    private bool TryTake(out SessionLog? log)
    {
        lock (_lock)
        {
            if (_ready.TryDequeue(out log))
            {
                return true;
            }

            _idle!.SetResult();
            _idle = null;
            return false;
        }
    }
}
