namespace Proxy.Kcp;

/// <summary>
/// The receive buffer: one ring. [read, next) is in order and waits for the reader, beyond next there may be holes. Both share the window,
/// so that a peer can make us hold no more than the window, however it orders its segments.
/// </summary>
public sealed partial class KcpEngine
{
    private SequenceRing<ReceiveSlot> _receiveRing = new();
    private RingQueue<OwedAcknowledgement> _owedAcknowledgements = new();
    private uint _receiveRead;
    private uint _receiveNext; // rcv_nxt
    private int _bufferedSegments;
    private uint _toldWindowEdge;
    private bool _owesWindow;

    /// <summary>The next number expected from the peer (rcv_nxt), told to it as una.</summary>
    public uint ReceiveNext => _receiveNext;

    /// <summary>Segments in order and not read.</summary>
    public int ReceivedSegments => (int)(_receiveNext - _receiveRead);

    /// <summary>Payload that waits for segments before it.</summary>
    public int OutOfOrderBytes { get; private set; }

    /// <summary>Free places for the peer's segments from <see cref="ReceiveNext"/> on, told to it as wnd.</summary>
    public int WindowSegments => _settings.ReceiveWindowSegments - ReceivedSegments;

    /// <summary>
    /// Stream mode: the bytes of the next segment in order, false when there is none. They stay valid until <see cref="AdvanceReceived"/>.
    /// </summary>
    public bool TryPeekReceived(out ReadOnlySpan<byte> bytes)
    {
        ThrowUnlessStreamMode(true);
        while (ReceivedSegments > 0)
        {
            ref var slot = ref _receiveRing[_receiveRead];
            if (slot.PayloadBytes > 0)
            {
                bytes = slot.Buffer.AsSpan(0, slot.PayloadBytes);
                return true;
            }

            // A segment without data means nothing in a stream.
            TakeSegment();
        }

        bytes = default;
        return false;
    }

    /// <summary>Stream mode: gives back the segment last peeked, and with it a place of the window.</summary>
    public void AdvanceReceived()
    {
        ThrowUnlessStreamMode(true);
        if (ReceivedSegments == 0)
        {
            throw new InvalidOperationException("Nothing was received.");
        }

        TakeSegment();
    }

    /// <summary>Message mode: the length of the next whole message; null when there is none.</summary>
    public int? PeekMessageBytes()
    {
        ThrowUnlessStreamMode(false);
        var bytes = 0;
        for (var number = _receiveRead; number != _receiveNext; number++)
        {
            ref var slot = ref _receiveRing[number];
            bytes += slot.PayloadBytes;
            if (slot.Fragment == 0)
            {
                return bytes;
            }
        }

        return null;
    }

    /// <summary>
    /// Message mode: copies the next whole message out; false when there is none. The destination holds <see cref="PeekMessageBytes"/>.
    /// </summary>
    public bool TryReceiveMessage(Span<byte> destination, out int length)
    {
        length = 0;
        if (PeekMessageBytes() is not { } bytes)
        {
            return false;
        }

        if (destination.Length < bytes)
        {
            throw new ArgumentException($"The message has {bytes} bytes, the destination {destination.Length}.", nameof(destination));
        }

        bool isLast;
        do
        {
            ref var slot = ref _receiveRing[_receiveRead];
            slot.Buffer.AsSpan(0, slot.PayloadBytes).CopyTo(destination[length..]);
            length += slot.PayloadBytes;
            isLast = slot.Fragment == 0;
            TakeSegment();
        }
        while (!isLast);

        return true;
    }

    /// <summary>False when the segment lies beyond the window.</summary>
    private bool HandlePush(in KcpSegment segment, ReadOnlySpan<byte> payload)
    {
        var number = segment.SequenceNumber;
        var offset = Serial.Distance(_receiveRead, number);
        if (offset >= _settings.ReceiveWindowSegments)
        {
            _statistics.BeyondWindow++;
            return false;
        }

        OweAcknowledgement(number, segment.TimestampMilliseconds);
        if (offset < ReceivedSegments || IsBuffered(number, offset))
        {
            _statistics.Duplicates++;
            return true;
        }

        Store(number, offset, segment.Fragment, payload);
        return true;
    }

    private bool IsBuffered(uint number, int offset) => offset < _receiveRing.Capacity && _receiveRing[number].Buffer is not null;

    private void Store(uint number, int offset, byte fragment, ReadOnlySpan<byte> payload)
    {
        _receiveRing.Reserve(_receiveRead, _receiveRing.Capacity, offset + 1);
        var buffer = _pool.Rent(payload.Length);
        payload.CopyTo(buffer);
        _receiveRing[number] = new ReceiveSlot { Buffer = buffer, PayloadBytes = payload.Length, Fragment = fragment };
        _bufferedSegments++;
        OutOfOrderBytes += payload.Length;
        _statistics.SegmentsReceived++;
        _statistics.BytesReceived += payload.Length;
        while (IsBuffered(_receiveNext, ReceivedSegments))
        {
            OutOfOrderBytes -= _receiveRing[_receiveNext].PayloadBytes;
            _receiveNext++;
        }
    }

    private void TakeSegment()
    {
        Return(ref _receiveRing[_receiveRead].Buffer);
        _receiveRead++;
        _bufferedSegments--;

        // With own acknowledgement the peer hears of the window with every answer, unless it stopped. Else it hears only what is told:
        // often enough that it never stops for want of news, seldom enough to cost nothing.
        var unheard = Serial.Distance(_toldWindowEdge, WindowEdge);
        var worthTelling = _acknowledgesItself ? WindowSegments == 1 : unheard >= Math.Max(1, _settings.ReceiveWindowSegments / WindowTells);
        _owesWindow |= worthTelling;
    }

    private uint WindowEdge => _receiveRead + (uint)_settings.ReceiveWindowSegments;

    private void OweAcknowledgement(uint number, uint timestampMilliseconds)
    {
        // Beyond the limit, which only a caller that takes no output reaches, the peer sends again and is answered then.
        if (_acknowledgesItself && _owedAcknowledgements.Count < _settings.ReceiveWindowSegments)
        {
            _owedAcknowledgements.Enqueue(new OwedAcknowledgement(number, timestampMilliseconds));
        }
    }

    private void ReleaseReceiveBuffers()
    {
        for (var offset = 0; offset < _receiveRing.Capacity; offset++)
        {
            Return(ref _receiveRing[_receiveRead + (uint)offset].Buffer);
        }

        _receiveNext = _receiveRead;
        _bufferedSegments = 0;
        OutOfOrderBytes = 0;
        _receiveRing.Release();
        _owedAcknowledgements.Release();
    }

    private readonly record struct OwedAcknowledgement(uint Number, uint TimestampMilliseconds);

    /// <summary>How often the window is told while it moves by its own width, with external acknowledgement: one told in vain is no stop.</summary>
    private const int WindowTells = 4;
}
