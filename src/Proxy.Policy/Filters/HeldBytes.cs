using System.Buffers;

namespace Proxy.Policy.Filters;

/// <summary>The bytes that a filter holds back, in a buffer that is out of the pool only while there are any.</summary>
internal sealed class HeldBytes(ArrayPool<byte> pool)
{
    private byte[] _buffer = [];
    private int _start;

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, Count);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_buffer.Length - _start - Count < bytes.Length)
        {
            MakeRoom(Count + bytes.Length);
        }

        bytes.CopyTo(_buffer.AsSpan(_start + Count));
        Count += bytes.Length;
    }

    /// <summary>Forgets all but the last <paramref name="bytes"/>.</summary>
    public void KeepLast(int bytes)
    {
        _start += Count - bytes;
        Count = bytes;
        if (bytes == 0)
        {
            Release();
        }
    }

    private void MakeRoom(int neededBytes)
    {
        if (neededBytes <= _buffer.Length)
        {
            Span.CopyTo(_buffer);
            _start = 0;
            return;
        }

        var larger = pool.Rent(Math.Max(neededBytes, 2 * Count));
        Span.CopyTo(larger);
        var count = Count;
        Release();
        (_buffer, Count) = (larger, count);
    }

    private void Release()
    {
        if (_buffer.Length > 0)
        {
            pool.Return(_buffer);
        }

        (_buffer, _start, Count) = ([], 0, 0);
    }
}
