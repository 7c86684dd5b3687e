using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;

namespace Proxy.Tunnel;

/// <summary>What the owner of the streams asks for.</summary>
public sealed partial class TunnelEngine
{
    private int _nextStreamId;
    private bool _isWearTold;

    /// <summary>
    /// Client: opens a stream; bytes may be sent on it at once. Only while <see cref="CanOpen"/>. With the last id the tunnel begins to drain.
    /// </summary>
    /// <returns>Its id: odd, growing, never used again.</returns>
    public int OpenStream()
    {
        if (!CanOpen)
        {
            throw new InvalidOperationException("The tunnel opens no streams now.");
        }

        var stream = new TunnelStream(_nextStreamId, _pool);
        _streams.Add(stream.Id, stream);
        _statistics.StreamsOpened++;
        ApplyTo(stream, stream.Machine.OpenLocally());
        if (!_isWearTold && (LastStreamId - _nextStreamId) / 2 < _settings.ReplaceBelowStreams)
        {
            _isWearTold = true;
            _events.Enqueue(new PendingEvent(TunnelEventKind.Worn, Text: "few ids are left for streams"));
        }

        if (_nextStreamId == LastStreamId)
        {
            Drain();
        }
        else
        {
            _nextStreamId += 2;
        }

        return stream.Id;
    }

    /// <summary>
    /// Takes all of <paramref name="bytes"/>. False: some are kept, and the owner stops its source until
    /// <see cref="TunnelEventKind.SendDrained"/>. Bytes for a stream that has ended are dropped; its end was an event.
    /// </summary>
    public bool Send(int streamId, ReadOnlySpan<byte> bytes)
    {
        if (!_streams.TryGetValue(streamId, out var stream) || !stream.CanSend)
        {
            return true;
        }

        if (stream.Unsent.IsEmpty && !stream.Machine.IsPausedByPeer && _sendTurns.Count == 0 && !HasControl)
        {
            bytes = SendAtOnce(stream, bytes);
        }

        if (bytes.IsEmpty)
        {
            return stream.Unsent.IsEmpty;
        }

        stream.Unsent.Append(bytes);
        stream.OwesDrained = true;
        TakeSendTurn(stream);
        return false;
    }

    /// <summary>Whether bytes of the stream, or its FIN, wait here to be sent.</summary>
    public bool HasUnsent(int streamId) => _streams.TryGetValue(streamId, out var stream) && (!stream.Unsent.IsEmpty || stream.OwesFin);

    /// <summary>Whether both directions of the stream have ended; what was given to send may still wait here.</summary>
    public bool IsOver(int streamId) => !_streams.TryGetValue(streamId, out var stream) || stream.IsOver;

    /// <summary>Ends our direction once everything given before has gone.</summary>
    public void FinishSending(int streamId)
    {
        if (_streams.TryGetValue(streamId, out var stream) && stream.CanSend)
        {
            stream.OwesFin = true;
            TakeSendTurn(stream);
        }
    }

    /// <summary>Whether the owner wants the stream's data; it starts unwanted. What is not wanted is kept, within the limits above.</summary>
    public void SetReceiving(int streamId, bool isReceiving)
    {
        if (_streams.TryGetValue(streamId, out var stream) && !stream.IsReleased)
        {
            stream.IsReceiving = isReceiving;
            TakeDeliveryTurn(stream);
        }
    }

    /// <summary>Ends the stream in both directions at once, tells the peer, and forgets it.</summary>
    public void ResetStream(int streamId, EndReason reason)
    {
        if (_streams.TryGetValue(streamId, out var stream))
        {
            ApplyTo(stream, stream.Machine.ResetLocally(reason));
            ReleaseStream(streamId);
            RemoveIfDone(stream);
        }
    }

    /// <summary>
    /// The owner lets go of the stream. If both ends have finished, what is still to be sent goes out first; otherwise the peer sees a reset.
    /// </summary>
    public void ReleaseStream(int streamId)
    {
        if (!_streams.TryGetValue(streamId, out var stream) || stream.IsReleased)
        {
            return;
        }

        stream.IsReleased = true;
        stream.IsReceiving = false;
        DropReceived(stream);
        if (!stream.IsFinishing)
        {
            ApplyTo(stream, stream.Machine.CloseLocally());
        }

        RemoveIfDone(stream);
    }

    private void ApplyTo(TunnelStream stream, StreamEffects effects)
    {
        if (effects.Has(StreamEffects.DropUnsent))
        {
            stream.DropUnsent();
        }

        if (effects.Has(StreamEffects.SendSyn | StreamEffects.SendSynAck))
        {
            WriteControl(FrameKind.Syn, stream.Id);
        }

        if (effects.Has(StreamEffects.SendFin))
        {
            WriteFin(stream.Id);
        }

        if (effects.Has(StreamEffects.SendReset))
        {
            _resets.Add(stream.Id);
            WriteControl(FrameKind.Reset, stream.Id);
        }

        if (effects.Has(StreamEffects.SendPauseToggle))
        {
            _statistics.PauseToggles++;
            WriteControl(FrameKind.PauseToggle, stream.Id);
        }

        if (effects.Has(StreamEffects.Opened))
        {
            _events.Enqueue(new PendingEvent(
                stream.Machine.WeOpened ? TunnelEventKind.StreamEstablished : TunnelEventKind.StreamOpened, stream.Id));
        }

        if (effects.Has(StreamEffects.DeliverEnd))
        {
            stream.OwesEndOfStream = true;
            TakeDeliveryTurn(stream);
        }

        if (effects.Has(StreamEffects.GoOnSending))
        {
            TakeSendTurn(stream);
        }

        if (effects.Has(StreamEffects.Abort))
        {
            DropReceived(stream);
            if (!stream.IsReleased)
            {
                _events.Enqueue(new PendingEvent(TunnelEventKind.StreamReset, stream.Id, stream.Machine.End));
            }
        }
    }

    private void TakeSendTurn(TunnelStream stream)
    {
        if (stream.WantsToSend && !stream.IsInSendTurn)
        {
            stream.IsInSendTurn = true;
            _sendTurns.Enqueue(stream);
        }
    }

    /// <summary>The entry must be this very stream: a peer may have reused the id of one that still stands in a queue.</summary>
    private void RemoveIfDone(TunnelStream stream)
    {
        if (stream.IsReleased && stream.Unsent.IsEmpty && !stream.OwesFin
            && _streams.TryGetValue(stream.Id, out var present) && ReferenceEquals(present, stream))
        {
            _streams.Remove(stream.Id);
            AnnounceClosed();
            CloseIfDrained();
        }
    }

    /// <summary>Ids have 31 bits. They never wrap around, as a late frame of an old stream would then hit a new one.</summary>
    private const int LastStreamId = int.MaxValue;
}
