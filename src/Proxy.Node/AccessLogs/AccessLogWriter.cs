using System.Buffers;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Proxy.Actors;

namespace Proxy.Node.AccessLogs;

/// <summary>
/// Writes the access log from a task of its own, so that no connection waits for a disk. At most <see cref="MaximumWaiting"/> lines wait; what
/// comes beyond that is dropped, and a line says how many were. A file is opened by name for each batch, so that it may be moved away at any time.
/// </summary>
internal sealed partial class AccessLogWriter : IAccessLogSink, IAsyncDisposable
{
    public const string StandardOutput = "-";

    private readonly string _path;
    private readonly IAccessLogFormat _format;
    private readonly ILogger _log;
    private readonly Channel<AccessLogEntry> _waiting = Channel.CreateBounded<AccessLogEntry>(
        new BoundedChannelOptions(MaximumWaiting) { SingleReader = true });
    private readonly Task _writing;
    private long _dropped;
    private bool _isFailing;

    /// <summary>Begins to write.</summary>
    /// <exception cref="ConfigurationException">The file cannot be written; the message says why.</exception>
    public AccessLogWriter(string path, IAccessLogFormat format, ILogger log)
    {
        (_path, _format, _log) = (path, format, log);
        try
        {
            Append([]);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"--access-log {path}: {refused.Message}");
        }

        _writing = Task.Run(WriteAsync);
    }

    public void Write(AccessLogEntry entry)
    {
        if (!_waiting.Writer.TryWrite(entry))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Writes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        var batch = new ArrayBufferWriter<byte>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            var lines = 0;
            for (batch.ResetWrittenCount(); batch.WrittenCount < BatchBytes && _waiting.Reader.TryRead(out var entry); lines++)
            {
                _format.Write(entry, batch);
            }

            var dropped = Interlocked.Exchange(ref _dropped, 0);
            if (dropped > 0)
            {
                _format.WriteDropped(dropped, batch);
            }

            if (!TryAppend(batch.WrittenSpan))
            {
                Interlocked.Add(ref _dropped, dropped + lines);
            }
        }
    }

    private bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        try
        {
            Append(bytes);
            _isFailing = false;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (!_isFailing)
            {
                LogFailure(_path, failure.Message);
            }

            _isFailing = true;
            return false;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        using var stream = _path == StandardOutput
            ? Console.OpenStandardOutput()
            : new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        stream.Write(bytes);
    }

    [LoggerMessage(1, LogLevel.Warning, "the access log cannot be written to {Path}: {Reason}; lines are lost until it can")]
    private partial void LogFailure(string path, string reason);

    // Some seconds of a busy node, about 10 MB.
    private const int MaximumWaiting = 50_000;

    private const int BatchBytes = 1 << 20;
}
