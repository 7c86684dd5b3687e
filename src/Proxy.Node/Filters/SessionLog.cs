using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Proxy.Policy.Filters;

namespace Proxy.Node.Filters;

/// <summary>
/// The log of one connection. A line gets the time of day (UTC) in front. It has a buffer only while lines wait, and a file from its first line
/// on; what cannot be written is dropped, and where, and how much, stands in the file as soon as that is possible.
/// </summary>
internal sealed class SessionLog(SessionLogs owner, string path, string title) : IFilterLog
{
    // A read of 256 KiB is 1.6 MB of hex; while one is written the next may come.
    public const int MaximumWaitingBytes = 4 * 1024 * 1024;

    private const int TimeCharacters = 16;

    private readonly Lock _lock = new();
    private byte[] _waiting = [];
    private int _waitingBytes;
    private long _droppedLines;
    private bool _isScheduled;
    private bool _isClosed;

    // Only for the writer.
    private FileStream? _file;
    private volatile bool _hasFailed;

    public void WriteLine(long nowMicroseconds, ReadOnlySpan<char> line)
    {
        lock (_lock)
        {
            if (_isClosed || _hasFailed)
            {
                return;
            }

            // A line that is dropped wakes the writer too: the file is to say so soon.
            Schedule();
            var length = TimeCharacters + line.Length + 1;
            if (!TryMakeRoom(length))
            {
                _droppedLines++;
                return;
            }

            var place = _waiting.AsSpan(_waitingBytes, length);
            DateTime.UtcNow.TryFormat(place, out _, "HH:mm:ss.ffffff ", CultureInfo.InvariantCulture);
            Encoding.ASCII.GetBytes(line, place[TimeCharacters..]);
            place[^1] = (byte)'\n';
            _waitingBytes += length;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                Schedule();
            }
        }
    }

    /// <summary>Writes what waits. From the writer, one call at a time.</summary>
    internal void WriteOut()
    {
        var (buffer, count, dropped, isLast) = Take();
        try
        {
            if (!_hasFailed && count + dropped > 0)
            {
                _file ??= Begin();
                _file.Write(buffer.AsSpan(0, count));
                if (dropped > 0)
                {
                    _file.Write(Encoding.ASCII.GetBytes($"# {dropped} lines are missing here\n"));
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _hasFailed = true;
            owner.Logger.LogWarning("{Path} is not written any more: {Reason}", path, failure.Message);
        }

        Return(buffer);
        owner.Release(count);
        if (isLast)
        {
            _file?.Dispose();
        }
        else
        {
            GoOn();
        }
    }

    private FileStream Begin()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            // What users send is nobody else's.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(title));
        return file;
    }

    private (byte[] Buffer, int Count, long Dropped, bool IsLast) Take()
    {
        lock (_lock)
        {
            var taken = (_waiting, _waitingBytes, _droppedLines, _isClosed);
            (_waiting, _waitingBytes, _droppedLines) = ([], 0, 0);
            return taken;
        }
    }

    private void GoOn()
    {
        lock (_lock)
        {
            _isScheduled = false;
            if (_waitingBytes + _droppedLines > 0 || _isClosed)
            {
                Schedule();
            }
        }
    }

    private void Schedule()
    {
        if (!_isScheduled)
        {
            _isScheduled = true;
            owner.Schedule(this);
        }
    }

    private bool TryMakeRoom(int bytes)
    {
        if (_waitingBytes + bytes > MaximumWaitingBytes || !owner.TryReserve(bytes))
        {
            return false;
        }

        if (_waiting.Length - _waitingBytes < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_waitingBytes + bytes, 2 * _waiting.Length));
            _waiting.AsSpan(0, _waitingBytes).CopyTo(larger);
            Return(_waiting);
            _waiting = larger;
        }

        return true;
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
