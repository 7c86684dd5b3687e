using System.Buffers;
using System.Runtime.InteropServices;

namespace Proxy.Tunnel.Packets;

/// <summary>
/// Packets that have arrived and wait for their owner, who takes them after each batch of datagrams; what one batch can bring and little more is
/// kept.
/// </summary>
internal sealed class ReceivedPackets(ArrayPool<byte> pool)
{
    private readonly Queue<Packet> _waiting = new();
    private byte[]? _handedOut;
    private long _waitingBytes;

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>False: there is no place.</summary>
    public bool TryAdd(int streamId, ReadOnlySpan<byte> packet)
    {
        if (_waiting.Count >= MostPackets || _waitingBytes + packet.Length > MostBytes)
        {
            return false;
        }

        var buffer = pool.Rent(Math.Max(1, packet.Length));
        packet.CopyTo(buffer);
        _waiting.Enqueue(new Packet(streamId, buffer, packet.Length));
        _waitingBytes += packet.Length;
        return true;
    }

    /// <summary>The next one; its bytes are valid until the next call of this or of <see cref="TakeBack"/>.</summary>
    public bool TryHandOut(out int streamId, out ReadOnlySpan<byte> packet)
    {
        TakeBack();
        if (!_waiting.TryDequeue(out var next))
        {
            streamId = 0;
            packet = default;
            return false;
        }

        _waitingBytes -= next.Bytes;
        _handedOut = next.Buffer;
        streamId = next.StreamId;
        packet = next.Buffer.AsSpan(0, next.Bytes);
        return true;
    }

    /// <summary>The owner has seen the last one.</summary>
    public void TakeBack()
    {
        if (_handedOut is { } buffer)
        {
            _handedOut = null;
            pool.Return(buffer);
        }
    }

    public void Clear()
    {
        while (TryHandOut(out _, out _))
        {
        }
    }

    private const int MostPackets = 16 * 1024;
    private const long MostBytes = 8L * 1024 * 1024;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Packet(int StreamId, byte[] Buffer, int Bytes);
}
