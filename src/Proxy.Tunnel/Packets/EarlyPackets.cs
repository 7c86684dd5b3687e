using System.Buffers;
using System.Runtime.InteropServices;

namespace Proxy.Tunnel.Packets;

/// <summary>
/// Parts of packets that came ahead of the stream that opens their flow: the last few, for a second. Over a path that loses or reorders, the
/// stream may be a round trip behind.
/// </summary>
internal sealed class EarlyPackets(ArrayPool<byte> pool)
{
    private readonly Queue<Early> _parts = new();
    private int _bytes;

    /// <summary>Packets, or fragments of them, that were given up.</summary>
    public long Dropped { get; private set; }

    public bool IsEmpty => _parts.Count == 0;

    public void Add(uint flow, ReadOnlySpan<byte> payload, long nowMicroseconds)
    {
        while (_parts.TryPeek(out var oldest)
            && (_parts.Count >= MostParts || _bytes + payload.Length > MostBytes || nowMicroseconds - oldest.SinceMicroseconds > MostMicroseconds))
        {
            Dropped++;
            Drop(_parts.Dequeue());
        }

        var buffer = pool.Rent(payload.Length);
        payload.CopyTo(buffer);
        _bytes += payload.Length;
        _parts.Enqueue(new Early(flow, buffer, payload.Length, nowMicroseconds));
    }

    /// <summary>Gives what came for a flow that is known now, in its order, to <paramref name="take"/>.</summary>
    public void TakeFor(uint flow, long nowMicroseconds, Taker take)
    {
        for (var left = _parts.Count; left > 0; left--)
        {
            var part = _parts.Dequeue();
            if (part.Flow != flow)
            {
                _parts.Enqueue(part);
                continue;
            }

            if (nowMicroseconds - part.SinceMicroseconds <= MostMicroseconds)
            {
                take(part.Buffer.AsSpan(0, part.Bytes), nowMicroseconds);
            }
            else
            {
                Dropped++;
            }

            Drop(part);
        }
    }

    public void Clear()
    {
        while (_parts.TryDequeue(out var part))
        {
            Drop(part);
        }
    }

    private void Drop(Early part)
    {
        _bytes -= part.Bytes;
        pool.Return(part.Buffer);
    }

    /// <summary>Takes the payload of a part.</summary>
    public delegate void Taker(ReadOnlySpan<byte> payload, long nowMicroseconds);

    private const int MostParts = 128;
    private const int MostBytes = 128 * 1024;
    private const long MostMicroseconds = 1_000_000;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Early(uint Flow, byte[] Buffer, int Bytes, long SinceMicroseconds);
}
