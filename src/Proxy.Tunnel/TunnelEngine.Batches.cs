using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>Datagrams in batches of one size, as a segmented send takes them.</summary>
public sealed partial class TunnelEngine : ITunnelEngine
{
    private byte[] _heldOver = [];
    private int _heldOverBytes;                   // a datagram that was longer than the batch it came behind

    /// <summary>This dialect knows no addresses: whoever drives it sends to where it always sends.</summary>
    public bool TryGetDatagrams(long nowMicroseconds, Span<byte> buffer, out DatagramBatch batch)
    {
        var total = _heldOverBytes;
        var size = _heldOverBytes;
        _heldOver.AsSpan(0, total).CopyTo(buffer);
        _heldOverBytes = 0;
        while (total + DatagramBytes <= buffer.Length && TryGetDatagram(nowMicroseconds, buffer.Slice(total, DatagramBytes), out var length))
        {
            if (total > 0 && length > size)
            {
                HoldOver(buffer.Slice(total, length));
                break;
            }

            size = total == 0 ? length : size;
            total += length;
            if (length < size)
            {
                break;
            }
        }

        batch = new DatagramBatch(total, Math.Min(total, size), default);
        return total > 0;
    }

    void ITunnelEngine.HandleDatagram(Span<byte> datagram, PathAddress from, long nowMicroseconds) => HandleDatagram(datagram, nowMicroseconds);

    private void HoldOver(ReadOnlySpan<byte> datagram)
    {
        if (_heldOver.Length < datagram.Length)
        {
            _heldOver = new byte[DatagramBytes];
        }

        datagram.CopyTo(_heldOver);
        _heldOverBytes = datagram.Length;
    }
}
