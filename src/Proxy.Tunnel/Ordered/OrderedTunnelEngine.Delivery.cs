using Proxy.Tunnel.Ordered;

namespace Proxy.Tunnel;

/// <summary>What goes to the owner: events in order, the bytes that wait for readers, and the credit that comes back with them.</summary>
public sealed partial class OrderedTunnelEngine
{
    private readonly Queue<OrderedStream> _deliveryTurns = new();
    private (OrderedStream Stream, int Bytes)? _handedOut;

    /// <summary>The next event, in order. What an event's bytes point to is gone with the next call.</summary>
    public bool TryGetEvent(long nowMicroseconds, out TunnelEvent next)
    {
        _nowMicroseconds = nowMicroseconds;
        TakeBackHandedOut();
        _receivedPackets.TakeBack();
        if (_events.TryDequeue(out var pending))
        {
            next = new TunnelEvent(pending.Kind, pending.StreamId, default, pending.Reason, pending.Text, pending.Distance, announcement: pending.Announcement);
            return true;
        }

        if (TryHandOutPacket(out next))
        {
            return true;
        }

        while (_deliveryTurns.TryPeek(out var stream))
        {
            if (stream.HasForOwner && !stream.Received.IsEmpty)
            {
                var bytes = stream.Received.Peek();
                _handedOut = (stream, bytes.Length);
                next = new TunnelEvent(TunnelEventKind.Data, stream.Id, bytes);
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

    /// <summary>Bytes that the peer had credit for; they lie together until the owner takes them, however they were cut.</summary>
    private void Keep(OrderedStream stream, ReadOnlySpan<byte> bytes)
    {
        _statistics.BytesReceived += bytes.Length;
        ReceivedBytesWaiting += bytes.Length;
        stream.Received.Append(bytes);
        TakeDeliveryTurn(stream);
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
        HandleDelivered(stream, bytes);
    }

    /// <summary>
    /// The owner took bytes: credit comes back, told once a quarter of the window is free. A window of which half was used up within two round
    /// trips may be what holds the stream back, and doubles if the budget allows.
    /// </summary>
    private void HandleDelivered(OrderedStream stream, int bytes)
    {
        stream.DeliveredBytes += bytes;
        if (stream.DeliveredBytes - stream.WindowUseFromBytes >= stream.WindowBytes / 2)
        {
            var soon = Math.Max(GrowthRoundTrips * _roundTrip.SmoothedMicroseconds, SchedulingMicroseconds);
            if (_nowMicroseconds - stream.WindowUseSinceMicroseconds <= soon)
            {
                stream.WindowBytes = _budget.Grow(stream.WindowBytes, _settings.MaximumWindowBytes);
            }

            stream.WindowUseFromBytes = stream.DeliveredBytes;
            stream.WindowUseSinceMicroseconds = _nowMicroseconds;
        }

        if (stream.Machine.CanReceive && !stream.IsInCreditTurn && stream.UngrantedBytes >= stream.WindowBytes / CreditTells)
        {
            stream.IsInCreditTurn = true;
            _creditTurns.Enqueue(stream);
        }
    }

    private void TakeDeliveryTurn(OrderedStream stream)
    {
        if (stream.HasForOwner && !stream.IsInDeliveryTurn)
        {
            stream.IsInDeliveryTurn = true;
            _deliveryTurns.Enqueue(stream);
        }
    }

    /// <summary>With its end, a stream that outlived its tunnel has nothing left to tell.</summary>
    private void ForgetIfReaderOfClosed(OrderedStream stream)
    {
        if (_closedBehindReaders is not null)
        {
            Remove(stream);
            AnnounceClosed();
        }
    }

    private const int CreditTells = 4;
    private const int GrowthRoundTrips = 2;

    // A busy machine lets credit wait for as long as that, however near the peer is.
    private const long SchedulingMicroseconds = 10_000;
}
