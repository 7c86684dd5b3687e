using System.Buffers;

namespace Proxy.Tunnel;

/// <summary>
/// Bytes in order, in chunks rented from a pool; an empty queue holds none. What comes in as small pieces is packed, so that the memory held
/// is at most one chunk more than twice the bytes. Not thread-safe.
/// </summary>
internal sealed class ByteQueue
{
    private readonly ArrayPool<byte> _pool;
    private readonly Queue<byte[]> _chunks = new();
    private byte[]? _last;
    private int _firstStart;
    private int _lastEnd;

    public ByteQueue(ArrayPool<byte> pool)
    {
        _pool = pool;
    }

    public long Length { get; private set; }

    public bool IsEmpty => Length == 0;

    /// <summary>Copies <paramref name="bytes"/> to the end.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_last is null || _lastEnd == _last.Length)
            {
                _last = _pool.Rent(Math.Clamp(bytes.Length, SmallestChunkBytes, LargestChunkBytes));
                _lastEnd = 0;
                _chunks.Enqueue(_last);
            }

            var count = Math.Min(bytes.Length, _last.Length - _lastEnd);
            bytes[..count].CopyTo(_last.AsSpan(_lastEnd));
            _lastEnd += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>The first bytes that lie together; empty when the queue is. Valid until the next call that changes the queue.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (IsEmpty)
        {
            return default;
        }

        var first = _chunks.Peek();
        return first.AsSpan(_firstStart, (ReferenceEquals(first, _last) ? _lastEnd : first.Length) - _firstStart);
    }

    /// <summary>Drops <paramref name="count"/> bytes of what <see cref="Peek"/> showed.</summary>
    public void Advance(int count)
    {
        var first = _chunks.Peek();
        var end = ReferenceEquals(first, _last) ? _lastEnd : first.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, end - _firstStart);
        _firstStart += count;
        Length -= count;
        if (_firstStart == end)
        {
            _chunks.Dequeue();
            _pool.Return(first);
            _firstStart = 0;
            if (ReferenceEquals(first, _last))
            {
                _last = null;
            }
        }
    }

    /// <summary>Drops everything and gives all chunks back.</summary>
    public void Clear()
    {
        while (_chunks.TryDequeue(out var chunk))
        {
            _pool.Return(chunk);
        }

        _last = null;
        _firstStart = 0;
        Length = 0;
    }

    // Small enough that ten thousand streams with a few bytes each stay small; large enough that bulk is a few chunks per turn.
    private const int SmallestChunkBytes = 1024;
    private const int LargestChunkBytes = 64 * 1024;
}
