using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What goes to the owner: events in order, the bytes that wait for readers, and the credit that comes back with them.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly Queue<NativeStream> _deliveryTurns = new();
    private (NativeStream Stream, int Bytes)? _handedOut;
    private NativeStream? _gatheredFor;           // whose bytes are in the buffer, as yet unseen by its owner
    private byte[]? _gathered;
    private int _gatheredBytes;

    /// <summary>The next event, in order. What an event's bytes point to is gone with the next call.</summary>
    public bool TryGetEvent(long nowMicroseconds, out TunnelEvent next)
    {
        _nowMicroseconds = nowMicroseconds;
        TakeBackHandedOut();
        _receivedPackets.TakeBack();
        do
        {
            if (_events.TryDequeue(out var pending))
            {
                next = new TunnelEvent(pending.Kind, pending.StreamId, default, pending.Reason, pending.Text, pending.Distance, announcement: pending.Announcement);
                return true;
            }

            if (TryHandOutPacket(out next) || TryDeliverWaiting(out next))
            {
                return true;
            }
        }
        while (TryReadFrames(nowMicroseconds, out next) && next.StreamId == 0);

        if (next.StreamId == 0)
        {
            ReturnGathered();
        }

        return next.StreamId != 0;
    }

    /// <summary>Whether the bytes of another segment may not fit.</summary>
    private bool IsGatheredFull => _gatheredFor is not null && _gatheredBytes > GatheredBytes - _settings.MaximumDatagramBytes;

    /// <summary>Whether bytes were gathered; they came before every event that waits now.</summary>
    private bool TryHandOutGathered(out TunnelEvent data)
    {
        data = default;
        if (_gatheredFor is not { } stream)
        {
            return false;
        }

        _gatheredFor = null;
        data = new TunnelEvent(TunnelEventKind.Data, stream.Id, _gathered.AsSpan(0, _gatheredBytes), isLast: stream.OwesEndOfStream && stream.Received.IsEmpty);
        return true;
    }

    private bool TryDeliverWaiting(out TunnelEvent next)
    {
        while (_deliveryTurns.TryPeek(out var stream))
        {
            if (stream.HasForOwner && !stream.Received.IsEmpty)
            {
                var bytes = stream.Received.Peek();
                _handedOut = (stream, bytes.Length);
                next = new TunnelEvent(TunnelEventKind.Data, stream.Id, bytes, isLast: stream.OwesEndOfStream && bytes.Length == stream.Received.Length);
                return true;
            }

            _deliveryTurns.Dequeue();
            stream.IsInDeliveryTurn = false;
            if (stream.HasForOwner)
            {
                stream.OwesEndOfStream = false;
                next = new TunnelEvent(TunnelEventKind.EndOfStream, stream.Id);
                ForgetIfReaderOfClosed(stream);
                return true;
            }
        }

        next = default;
        return false;
    }

    /// <summary>
    /// Frames of one stream that come one after the other go to the owner together: it makes a system call of what it gets. Whatever else comes
    /// in between waits behind them.
    /// </summary>
    private void Deliver(NativeStream stream, ReadOnlySpan<byte> bytes, long nowMicroseconds)
    {
        _statistics.BytesReceived += bytes.Length;
        if (stream.IsReceiving && stream.Received.IsEmpty && _events.Count == 0 && _deliveryTurns.Count == 0 && TryGather(stream, bytes))
        {
            HandleDelivered(stream, bytes.Length, nowMicroseconds);
            return;
        }

        stream.Received.Append(bytes);
        ReceivedBytesWaiting += bytes.Length;
        TakeDeliveryTurn(stream);
    }

    private bool TryGather(NativeStream stream, ReadOnlySpan<byte> bytes)
    {
        if (_gatheredFor is null)
        {
            _gathered ??= _pool.Rent(GatheredBytes);
            _gatheredBytes = 0;
        }
        else if (_gatheredFor != stream)
        {
            return false;
        }

        if (bytes.Length > _gathered!.Length - _gatheredBytes)
        {
            return false;
        }

        bytes.CopyTo(_gathered.AsSpan(_gatheredBytes));
        _gatheredBytes += bytes.Length;
        _gatheredFor = stream;
        return true;
    }

    private void ReturnGathered()
    {
        if (_gathered is { } buffer)
        {
            _gathered = null;
            _pool.Return(buffer);
        }
    }

    /// <summary>The owner has seen the bytes of the last event: they leave the queue.</summary>
    private void TakeBackHandedOut()
    {
        if (_handedOut is not { } handedOut)
        {
            return;
        }

        _handedOut = null;
        var (stream, bytes) = handedOut;
        if (stream.Received.IsEmpty)
        {
            // Reset while its bytes were out.
            return;
        }

        stream.Received.Advance(bytes);
        ReceivedBytesWaiting -= bytes;
        HandleDelivered(stream, bytes, _nowMicroseconds);
    }

    /// <summary>
    /// The owner took bytes: credit comes back, told once a quarter of the window is free, or much. A window of which half was used up within a
    /// few round trips may be what holds the stream back, and doubles if the budget allows. It is a few, not two, as on a path that loses a
    /// tenth, bytes wait for as long in their lane for those before them.
    /// </summary>
    private void HandleDelivered(NativeStream stream, int bytes, long nowMicroseconds)
    {
        stream.DeliveredBytes += bytes;
        if (stream.DeliveredBytes - stream.WindowUseFromBytes >= stream.WindowBytes / 2)
        {
            if (nowMicroseconds - stream.WindowUseSinceMicroseconds <= GrowthRoundTrips * _roundTrip.SmoothedMicroseconds)
            {
                Grow(stream);
            }

            stream.WindowUseFromBytes = stream.DeliveredBytes;
            stream.WindowUseSinceMicroseconds = nowMicroseconds;
        }

        if (stream.Machine.CanReceive && stream.UngrantedBytes >= Math.Min(stream.WindowBytes / CreditTells, MuchBytes))
        {
            stream.Lane.QueueCredit(stream);
            Activate(stream.Lane);
        }
    }

    private void Grow(NativeStream stream)
    {
        var grown = _budget.Grow(stream.WindowBytes, _settings.MaximumWindowBytes);
        _nativeStatistics.WindowsGrown += grown > stream.WindowBytes ? 1 : 0;
        stream.WindowBytes = grown;
    }

    uint IFrameSource.TakeCredit(NativeStream stream)
    {
        var increment = stream.Machine.CanReceive && !stream.IsReleased ? (uint)stream.UngrantedBytes : 0;
        stream.GrantedBytes += increment;
        return increment;
    }

    private void TakeDeliveryTurn(NativeStream stream)
    {
        if (stream.HasForOwner && !stream.IsInDeliveryTurn)
        {
            stream.IsInDeliveryTurn = true;
            _deliveryTurns.Enqueue(stream);
        }
    }

    /// <summary>With its end, a stream that outlived its tunnel has nothing left to tell.</summary>
    private void ForgetIfReaderOfClosed(NativeStream stream)
    {
        if (_closedBehindReaders is not null)
        {
            Remove(stream);
            AnnounceClosed();
        }
    }

    // As much as a send to a socket takes at once as a rule.
    private const int GatheredBytes = 64 * 1024;
    private const int CreditTells = 4;
    private const int GrowthRoundTrips = 4;
    private const int MuchBytes = 512 * 1024;
}
