using Proxy.Protocol.Ends;

namespace Proxy.Tunnel;

/// <summary>What goes to the owner: events in order, and the bytes that wait for readers, within their limits.</summary>
public sealed partial class TunnelEngine
{
    private readonly Queue<TunnelStream> _deliveryTurns = new();
    private (TunnelStream Stream, int Bytes)? _handedOut;

    /// <summary>The next event, in order. What an event's bytes point to is gone with the next call.</summary>
    public bool TryGetEvent(long nowMicroseconds, out TunnelEvent next)
    {
        TakeBackHandedOut();
        do
        {
            if (_events.TryDequeue(out var pending))
            {
                next = new TunnelEvent(pending.Kind, pending.StreamId, default, pending.Reason, pending.Text);
                return true;
            }

            if (TryDeliverWaiting(out next))
            {
                return true;
            }
        }
        while (TryReadFrames(nowMicroseconds, out next) && next.StreamId == 0);

        return next.StreamId != 0;
    }

    private bool TryDeliverWaiting(out TunnelEvent next)
    {
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

    /// <summary>The owner has seen the bytes of the last event: they leave the queue, and a peer that was paused may go on.</summary>
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
        if (stream.Received.IsEmpty || (stream.Received.Length <= _settings.ResumeAtBytes && !IsCrowdedByReaders))
        {
            ApplyTo(stream, stream.Machine.PauseLocally(pause: false));
        }
    }

    private void Keep(TunnelStream stream, ReadOnlySpan<byte> bytes)
    {
        stream.Received.Append(bytes);
        ReceivedBytesWaiting += bytes.Length;
        TakeDeliveryTurn(stream);
        if (stream.Received.Length >= _settings.PauseAtBytes || IsCrowdedByReaders)
        {
            ApplyTo(stream, stream.Machine.PauseLocally(pause: true));
        }

        if (stream.Received.Length > _settings.StreamReceiveLimitBytes)
        {
            Overrun(stream);
        }
        else if (ReceivedBytesWaiting > _settings.TunnelReceiveLimitBytes)
        {
            Overrun(_streams.Values.MaxBy(candidate => candidate.Received.Length)!);
        }
    }

    private bool IsCrowdedByReaders => ReceivedBytesWaiting > _settings.TunnelReceiveLimitBytes / 2;

    private void Overrun(TunnelStream stream)
    {
        _statistics.StreamsOverrun++;
        var reason = stream.Machine.WeOpened ? EndReason.ClientTooSlow : EndReason.UpstreamTooSlow;
        ApplyTo(stream, stream.Machine.ResetLocally(reason));
        DropReceived(stream);
        _events.Enqueue(new PendingEvent(TunnelEventKind.StreamReset, stream.Id, reason));
    }

    private void TakeDeliveryTurn(TunnelStream stream)
    {
        if (stream.HasForOwner && !stream.IsInDeliveryTurn)
        {
            stream.IsInDeliveryTurn = true;
            _deliveryTurns.Enqueue(stream);
        }
    }

    private void DropReceived(TunnelStream stream)
    {
        ReceivedBytesWaiting -= stream.Received.Length;
        stream.DropReceived();
    }

    /// <summary>With its end, a stream that outlived its tunnel has nothing left to tell.</summary>
    private void ForgetIfReaderOfClosed(TunnelStream stream)
    {
        if (_closedBehindReaders is not null)
        {
            _streams.Remove(stream.Id);
            AnnounceClosed();
        }
    }
}
