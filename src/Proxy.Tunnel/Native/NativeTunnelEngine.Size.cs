using Proxy.Protocol.Parts;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>How large datagrams are.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly DatagramSize _size;

    /// <summary>What datagrams have at most at present.</summary>
    public int PresentDatagramBytes => _size.Bytes;

    /// <summary>
    /// A datagram that tries a size: an acknowledgement, and padding. Alone, or the kernel might cut it. Only while there is traffic: an idle
    /// tunnel sends nothing.
    /// </summary>
    private bool TryWriteSizeProbe(Span<byte> buffer, long nowMicroseconds, out DatagramBatch batch)
    {
        batch = default;
        if (!HasContent || !_roundTrip.IsMeasured || _size.NextTry(nowMicroseconds) is not { } bytes || !_seal.CanSeal(bytes)
            || !MaySend(bytes, nowMicroseconds))
        {
            return false;
        }

        var body = buffer[IDatagramSeal.HeaderBytes..(bytes - IDatagramSeal.TagBytes)];
        var datagram = new SentDatagram { SentMicroseconds = nowMicroseconds, IsInFlight = true, IsSizeProbe = true };
        var length = WriteAcknowledgement(body[..^PaddingPart.MinLengthBytes], canRide: true, ref datagram, nowMicroseconds);
        PaddingPart.Write(body[length..]);
        length = Seal(buffer[..bytes], ref datagram);
        _size.HandleTried();
        batch = new DatagramBatch(length, length, _path);
        return true;
    }

    private void HandleArrivedSize(ref SentDatagram datagram)
    {
        if (datagram.IsSizeProbe)
        {
            var before = _size.Bytes;
            _size.HandleTryArrived(datagram.Bytes, _nowMicroseconds);
            if (_size.Bytes > before)
            {
                Tell(TunnelEventKind.SizeChanged, $"datagrams of {_size.Bytes} bytes get through");
            }
        }
        else
        {
            _size.HandleArrived(datagram.Bytes, datagram.SentMicroseconds);
        }
    }

    private void HandleLostSize(ref SentDatagram datagram)
    {
        if (datagram.IsSizeProbe)
        {
            _size.HandleTryLost(_nowMicroseconds);
        }
        else if (_size.Bytes is var large && _size.HandleLost(datagram.Bytes, datagram.SentMicroseconds, _roundTrip.SmoothedMicroseconds, _nowMicroseconds))
        {
            _nativeStatistics.BlackHoles++;
            _hasShrunk = true;
            Tell(TunnelEventKind.SizeChanged, $"datagrams of {large} bytes get lost while small ones arrive: down to {_size.Bytes}");
        }
    }
}
