using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What the owner of the streams asks for.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly long[] _nextOfLane;          // the next id a stream of the lane gets

    /// <summary>
    /// Client: opens a stream; up to 16 KiB may be sent before the peer has answered. Only while <see cref="CanOpen"/>. When a lane runs out of
    /// ids the tunnel begins to drain.
    /// </summary>
    /// <returns>Its id: odd, never used again; its lane is 1 + (id / 2) mod lanes.</returns>
    public int OpenStream()
    {
        if (!CanOpen)
        {
            throw new InvalidOperationException("The tunnel opens no streams now.");
        }

        var lane = ChooseLane();
        var id = (int)_nextOfLane[lane.Index];
        _nextOfLane[lane.Index] += 2 * _settings.UserLanes;
        var stream = AddStream(id, lane);
        ApplyTo(stream, stream.Machine.OpenLocally());
        NoteIdsUsed(lane);
        if (_nextOfLane[lane.Index] > int.MaxValue)
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
        stream.Lane.UnsentBytes += bytes.Length;
        TakeSendTurn(stream);
        stream.OwesDrained |= stream.Unsent.Length > _settings.SendHighBytes;
        return !stream.OwesDrained;
    }

    /// <summary>Whether so many bytes of the stream wait that <see cref="TunnelEventKind.SendDrained"/> is still to come.</summary>
    public bool HasUnsent(int streamId) => _streams.TryGetValue(streamId, out var stream) && stream.OwesDrained;

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

    /// <summary>Whether the owner wants the stream's data; it starts unwanted. What is not wanted is kept, within its window.</summary>
    public void SetReceiving(int streamId, bool isReceiving)
    {
        if (_streams.TryGetValue(streamId, out var stream) && !stream.IsReleased)
        {
            stream.IsReceiving = isReceiving;
            TakeDeliveryTurn(stream);
        }
    }

    /// <summary>Ends the stream in both directions at once, tells the peer why, and forgets it.</summary>
    /// <param name="streamId">One that does not exist any more is passed over.</param>
    /// <param name="reason">What the peer is told, as far as it concerns it.</param>
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

    private NativeStream AddStream(int id, Lane lane)
    {
        var stream = new NativeStream(id, lane, _pool) { WindowBytes = _budget.Open(_settings.FirstWindowBytes) };
        stream.GrantedBytes = stream.WindowBytes;
        stream.WindowUseSinceMicroseconds = _nowMicroseconds;
        _streams.Add(id, stream);
        _statistics.StreamsOpened++;
        lane.Streams++;
        return stream;
    }

    private void ApplyTo(NativeStream stream, StreamEffects effects, WireReason reason = WireReason.Cancelled, byte distance = 0)
    {
        if (effects.Has(StreamEffects.DropUnsent))
        {
            DropUnsent(stream);
        }

        if (effects.Has(StreamEffects.SendSyn | StreamEffects.SendSynAck))
        {
            Queue(stream.Lane, new NativeControlFrame(FrameKind.Syn, stream.Id, (uint)(stream.WindowBytes - ProtocolLimits.InitialCreditBytes)));
        }

        if (effects.Has(StreamEffects.SendReset))
        {
            _resets.Add(stream.Id);
            Queue(stream.Lane, NativeControlFrame.Reset(stream.Id, reason, distance));
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

    private void Queue(Lane lane, in NativeControlFrame frame)
    {
        lane.Queue(frame);
        Activate(lane);
    }

    private void TakeSendTurn(NativeStream stream)
    {
        if (stream.WantsToSend)
        {
            stream.Lane.QueueToSend(stream);
            Activate(stream.Lane);
        }
    }

    private void DropUnsent(NativeStream stream)
    {
        stream.Lane.UnsentBytes -= stream.Unsent.Length;
        stream.DropUnsent();
        _packets.Forget(stream.Id);
    }

    private void DropReceived(NativeStream stream)
    {
        ReceivedBytesWaiting -= stream.Received.Length;
        stream.DropReceived();
    }

    /// <summary>The entry must be this very stream: a hostile peer may have given its id again.</summary>
    private void RemoveIfDone(NativeStream stream)
    {
        if (stream.IsReleased && stream.Unsent.IsEmpty && !stream.OwesFin
            && _streams.TryGetValue(stream.Id, out var present) && ReferenceEquals(present, stream))
        {
            Remove(stream);
            AnnounceClosed();
            CloseIfDrained();
        }
    }

    private void Remove(NativeStream stream)
    {
        _streams.Remove(stream.Id);
        _packets.Forget(stream.Id);
        _budget.Close(stream.WindowBytes);
        GivePlaceBack();
        stream.Lane.Streams--;
    }

    private void GivePlaceBack()
    {
        if (_machine.Role == TunnelRole.Server)
        {
            _settings.Places?.Release();
        }
    }

    void IFrameSource.HandleSent(NativeStream stream, int bytes, bool ended)
    {
        _statistics.BytesSent += bytes;
        if (stream.OwesDrained && stream.Unsent.Length <= _settings.SendLowBytes)
        {
            stream.OwesDrained = false;
            if (!stream.IsReleased)
            {
                _events.Enqueue(new PendingEvent(TunnelEventKind.SendDrained, stream.Id));
            }
        }

        if (ended)
        {
            stream.OwesFin = false;
            ApplyTo(stream, stream.Machine.FinishLocally());
            RemoveIfDone(stream);
        }
    }
}
