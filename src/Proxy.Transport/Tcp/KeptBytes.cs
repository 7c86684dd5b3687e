using System.Buffers;

namespace Proxy.Transport;

/// <summary>
/// Bytes that could not go at once, in a chain of pooled buffers that are given back as they empty. Bounded by what a sender had in hand when
/// it was told to stop.
/// </summary>
public sealed class KeptBytes(ArrayPool<byte> pool)
{
    private const int BufferBytes = 64 << 10;
    private Link? _first;
    private Link? _last;

    public bool IsEmpty => _first is null;

    public long Count { get; private set; }

    /// <summary>What goes next; not to be asked when empty.</summary>
    public ArraySegment<byte> First => new(_first!.Buffer, _first.Start, _first.End - _first.Start);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Count += bytes.Length;
        while (!bytes.IsEmpty)
        {
            var last = _last is not null && _last.End < _last.Buffer.Length ? _last : AddLink();
            var count = Math.Min(bytes.Length, last.Buffer.Length - last.End);
            bytes[..count].CopyTo(last.Buffer.AsSpan(last.End));
            last.End += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>The first <paramref name="count"/> bytes of <see cref="First"/> have gone.</summary>
    public void Advance(int count)
    {
        var first = _first!;
        first.Start += count;
        Count -= count;
        if (first.Start == first.End)
        {
            pool.Return(first.Buffer);
            _first = first.Next;
            _last = _first is null ? null : _last;
        }
    }

    public void Clear()
    {
        for (var link = _first; link is not null; link = link.Next)
        {
            pool.Return(link.Buffer);
        }

        (_first, _last, Count) = (null, null, 0);
    }

    private Link AddLink()
    {
        var link = new Link(pool.Rent(BufferBytes));
        if (_last is null)
        {
            _first = link;
        }
        else
        {
            _last.Next = link;
        }

        return _last = link;
    }

    private sealed class Link(byte[] buffer)
    {
        public byte[] Buffer { get; } = buffer;

        public int Start { get; set; }

        public int End { get; set; }

        public Link? Next { get; set; }
    }
}
