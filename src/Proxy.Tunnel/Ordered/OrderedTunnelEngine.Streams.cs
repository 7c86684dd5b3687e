using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Ordered;

namespace Proxy.Tunnel;

/// <summary>What the owner of the streams asks for.</summary>
public sealed partial class OrderedTunnelEngine
{
    private long _nextStreamId;
    private bool _isWearTold;

    /// <summary>
    /// Client: opens a stream; up to 16 KiB may be sent before the peer has answered. Only while <see cref="CanOpen"/>. With the last id the
    /// tunnel begins to drain.
    /// </summary>
    /// <returns>Its id: odd, growing, never used again.</returns>
    public int OpenStream()
    {
        if (!CanOpen)
        {
            throw new InvalidOperationException("The tunnel opens no streams now.");
        }

        var id = (int)_nextStreamId;
        _nextStreamId += 2;
        var stream = AddStream(id);
        ApplyTo(stream, stream.Machine.OpenLocally());
        if (!_isWearTold && (int.MaxValue - _nextStreamId) / 2 < _settings.ReplaceBelowStreams)
        {
            _isWearTold = true;
            _events.Enqueue(new PendingEvent(TunnelEventKind.Worn, Text: "few ids are left for streams"));
        }

        if (_nextStreamId > int.MaxValue)
        {
            Drain();
        }

        return id;
    }

    /// <summary>
    /// Takes all of <paramref name="bytes"/>. False: many wait, and the owner stops its source until
    /// <see cref="TunnelEventKind.SendDrained"/>, which says that few are left. Bytes for a stream that has ended are dropped; its end was an
    /// event.
    /// </summary>
    public bool Send(int streamId, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || !_streams.TryGetValue(streamId, out var stream) || !stream.CanSend)
        {
            return true;
        }

        stream.Unsent.Append(bytes);
        TakeSendTurn(stream);
        stream.OwesDrained |= stream.Unsent.Length > _settings.SendHighBytes;
        return !stream.OwesDrained;
    }

    public bool HasUnsent(int streamId) => _streams.TryGetValue(streamId, out var stream) && stream.OwesDrained;

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

    /// <summary>Whether the owner wants the stream's data; it starts unwanted. What is not wanted is kept, within its window.</summary>
    public void SetReceiving(int streamId, bool isReceiving)
    {
        if (_streams.TryGetValue(streamId, out var stream) && !stream.IsReleased)
        {
            stream.IsReceiving = isReceiving;
            TakeDeliveryTurn(stream);
        }
    }

    public void ResetStream(int streamId, EndReason reason) => ResetStream(streamId, reason, distance: 0);

    /// <summary>Ends the stream in both directions at once, tells the peer why, and forgets it.</summary>
    /// <param name="streamId">One that does not exist any more is passed over.</param>
    /// <param name="reason">What the peer is told, as far as it concerns it.</param>
    /// <param name="distance">How many tunnels lie behind this node to whoever saw the failure; 0 when it is this node.</param>
    public void ResetStream(int streamId, EndReason reason, byte distance)
    {
        if (_streams.TryGetValue(streamId, out var stream))
        {
            ApplyTo(stream, stream.Machine.ResetLocally(reason), WireReasons.ToWire(reason), distance);
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

    private OrderedStream AddStream(int id)
    {
        var stream = new OrderedStream(id, _pool) { WindowBytes = _budget.Open(_settings.FirstWindowBytes) };
        stream.GrantedBytes = stream.WindowBytes;
        stream.WindowUseSinceMicroseconds = _nowMicroseconds;
        _streams.Add(id, stream);
        _statistics.StreamsOpened++;
        return stream;
    }

    private void ApplyTo(OrderedStream stream, StreamEffects effects, WireReason reason = WireReason.Cancelled, byte distance = 0)
    {
        if (effects.Has(StreamEffects.DropUnsent))
        {
            stream.DropUnsent();
            _packets.Forget(stream.Id);
        }

        if (effects.Has(StreamEffects.SendSyn | StreamEffects.SendSynAck))
        {
            _control.Enqueue(new NativeControlFrame(FrameKind.Syn, stream.Id, (uint)(stream.WindowBytes - ProtocolLimits.InitialCreditBytes)));
        }

        if (effects.Has(StreamEffects.SendReset))
        {
            _resets.Add(stream.Id);
            _control.Enqueue(NativeControlFrame.Reset(stream.Id, reason, distance));
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

        if (effects.Has(StreamEffects.Abort))
        {
            DropReceived(stream);
            if (!stream.IsReleased)
            {
                _events.Enqueue(new PendingEvent(TunnelEventKind.StreamReset, stream.Id, stream.Machine.End, Distance: distance));
            }
        }
    }

    private void DropReceived(OrderedStream stream)
    {
        ReceivedBytesWaiting -= stream.Received.Length;
        stream.DropReceived();
    }

    /// <summary>The entry must be this very stream: a hostile peer may have given its id again.</summary>
    private void RemoveIfDone(OrderedStream stream)
    {
        if (stream.IsReleased && stream.Unsent.IsEmpty && !stream.OwesFin
            && _streams.TryGetValue(stream.Id, out var present) && ReferenceEquals(present, stream))
        {
            Remove(stream);
            AnnounceClosed();
            CloseIfDrained();
        }
    }

    private void Remove(OrderedStream stream)
    {
        _streams.Remove(stream.Id);
        _packets.Forget(stream.Id);
        _budget.Close(stream.WindowBytes);
        GivePlaceBack();
    }

    private void GivePlaceBack()
    {
        if (_machine.Role == TunnelRole.Server)
        {
            _settings.Places?.Release();
        }
    }
}
