using Proxy.Kcp;
using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>What the network brings: datagrams into the lane, bytes of the lane into frames, frames into events.</summary>
public sealed partial class TunnelEngine
{
    private readonly long _refusedForMicroseconds;
    private long? _refusedSinceMicroseconds;
    private int _parsedOfSegment;                 // bytes of the lane's first received segment that the reader has taken
    private (TunnelStream Stream, int Bytes)? _handedOut;

    /// <summary>One datagram of the peer. A malformed one is counted and has no effect.</summary>
    public void HandleDatagram(ReadOnlySpan<byte> datagram, long nowMicroseconds)
    {
        if (State == TunnelState.Closed)
        {
            return;
        }

        var acknowledged = _lane.SendUnacknowledged;
        if (_lane.HandleDatagram(datagram, ToMilliseconds(nowMicroseconds)) >= KcpInputStatus.TooShort)
        {
            _statistics.DatagramsMalformed++;
            return;
        }

        _refusedSinceMicroseconds = null;
        if (_lane.PeerLostState)
        {
            Apply(_machine.HandleTransportLost(), "the peer was restarted");
        }
        else if (_lane.SendUnacknowledged != acknowledged)
        {
            _keepAlive?.HandleLife(nowMicroseconds);
            CloseIfDrained();
        }
    }

    /// <summary>
    /// Something we sent was answered by ICMP "port unreachable". Once that is all that has come back for
    /// <see cref="TunnelSettings.RefusedFor"/>, the peer is gone.
    /// </summary>
    public void HandleRefused(long nowMicroseconds)
    {
        if (_refusedSinceMicroseconds is not { } since)
        {
            _refusedSinceMicroseconds = nowMicroseconds;
        }
        else if (nowMicroseconds - since >= _refusedForMicroseconds)
        {
            Apply(_machine.HandleTransportLost(), "nobody listens at the peer's port");
        }
    }

    /// <summary>The moment of <see cref="NextDeadlineMicroseconds"/> has come. Calling it early does nothing.</summary>
    public void HandleDeadline(long nowMicroseconds)
    {
        if (_machine.IsHandshaking && nowMicroseconds >= _handshakeDeadlineMicroseconds)
        {
            Apply(_machine.HandleHandshakeTimeout(), "the handshake was not answered in time");
        }

        switch (_keepAlive?.HandleTimer(nowMicroseconds))
        {
            case KeepAliveStep.SendPing:
                WriteControl(PingFrame.Write(_frame, _keepAlive.PingId));
                break;
            case KeepAliveStep.Dead:
                Apply(_machine.HandlePeerSilent(), "keepalive response timeout");
                break;
        }
    }

    /// <summary>The next event, in order. What an event's bytes point to is gone with the next call.</summary>
    public bool TryGetEvent(long nowMicroseconds, out TunnelEvent next)
    {
        TakeBackHandedOut();
        while (true)
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

            if (State == TunnelState.Closed || !TryReadFrame(nowMicroseconds, out var progressed, out next))
            {
                next = default;
                return false;
            }

            if (progressed == FrameOutcome.Data)
            {
                return true;
            }
        }
    }

    private enum FrameOutcome
    {
        Handled,
        Data,
    }

    /// <summary>Reads one frame, or part of one, off the lane. False: the lane has nothing more.</summary>
    private bool TryReadFrame(long nowMicroseconds, out FrameOutcome outcome, out TunnelEvent data)
    {
        outcome = FrameOutcome.Handled;
        data = default;
        while (_lane.TryPeekReceived(out var segment))
        {
            var rest = segment[_parsedOfSegment..];
            if (rest.IsEmpty)
            {
                _lane.AdvanceReceived();
                _parsedOfSegment = 0;
                continue;
            }

            var status = _reader.Read(ref rest, out var frame);
            _parsedOfSegment = segment.Length - rest.Length;
            if (status == ReadStatus.Malformed)
            {
                Apply(_machine.HandleMalformed(), _reader.Error!.Text);
                return true;
            }

            if (status == ReadStatus.Done)
            {
                outcome = HandleFrame(frame, nowMicroseconds, out data);
                return true;
            }
        }

        return false;
    }

    private FrameOutcome HandleFrame(scoped in Frame frame, long nowMicroseconds, out TunnelEvent data)
    {
        data = default;
        _keepAlive?.HandleLife(nowMicroseconds);
        switch (frame.Kind)
        {
            case FrameKind.Settings:
                Apply(_machine.HandleSettings(), "SETTINGS out of place");
                StartKeepAlive(nowMicroseconds);
                break;
            case FrameKind.GoAway:
                Apply(_machine.HandleGoAway(), frame.ReasonText());
                break;
            case FrameKind.Ping when IsProcessed():
                Reply(PingFrame.WriteAcknowledge(_frame, frame.PingId), nowMicroseconds);
                break;
            case FrameKind.PingAcknowledge when IsProcessed():
                _keepAlive?.HandleAcknowledge(frame.PingId, nowMicroseconds);
                break;
            case FrameKind.Data or FrameKind.Syn or FrameKind.Reset or FrameKind.PauseToggle:
                return HandleStreamFrame(frame, nowMicroseconds, out data);
        }

        return FrameOutcome.Handled;
    }

    private FrameOutcome HandleStreamFrame(scoped in Frame frame, long nowMicroseconds, out TunnelEvent data)
    {
        data = default;
        if (!_streams.TryGetValue(frame.StreamId, out var stream))
        {
            HandleUnknownStream(frame, nowMicroseconds);
            return FrameOutcome.Handled;
        }

        if (!IsProcessed())
        {
            return FrameOutcome.Handled;
        }

        switch (frame.Kind)
        {
            case FrameKind.Syn:
                ApplyTo(stream, _machine.Role == TunnelRole.Client ? stream.Machine.HandleSynAck() : stream.Machine.HandleSyn());
                break;
            case FrameKind.Reset:
                ApplyTo(stream, stream.Machine.HandleReset());
                break;
            case FrameKind.PauseToggle:
                ApplyTo(stream, stream.Machine.HandlePauseToggle());
                break;
            case FrameKind.Data:
                var delivered = HandleData(stream, frame, out data);
                if (frame.EndsStream)
                {
                    ApplyTo(stream, stream.Machine.HandleFin());
                }

                return delivered;
        }

        return FrameOutcome.Handled;
    }

    /// <summary>
    /// Takes the bytes of a DATA frame. They go out at once where the owner wants them and nothing waits before them, and are kept otherwise.
    /// </summary>
    private FrameOutcome HandleData(TunnelStream stream, scoped in Frame frame, out TunnelEvent data)
    {
        data = default;
        if (frame.Payload.IsEmpty)
        {
            return FrameOutcome.Handled;
        }

        var effects = stream.Machine.HandleData();
        var mayPassThrough = effects == StreamEffects.Deliver && stream.IsReceiving && stream.Received.IsEmpty && _events.Count == 0;
        ApplyTo(stream, effects);
        if (!effects.HasFlag(StreamEffects.Deliver) || stream.IsReleased)
        {
            return FrameOutcome.Handled;
        }

        _statistics.BytesReceived += frame.Payload.Length;
        if (mayPassThrough)
        {
            data = new TunnelEvent(TunnelEventKind.Data, stream.Id, frame.Payload);
            return FrameOutcome.Data;
        }

        stream.Received.Append(frame.Payload);
        ReceivedBytesWaiting += frame.Payload.Length;
        TakeDeliveryTurn(stream);
        HoldToLimits(stream);
        return FrameOutcome.Handled;
    }

    private void HoldToLimits(TunnelStream stream)
    {
        if (stream.Received.Length >= _settings.PauseAtBytes)
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

    private void Overrun(TunnelStream stream)
    {
        _statistics.StreamsOverrun++;
        var reason = stream.Machine.WeOpened ? EndReason.ClientTooSlow : EndReason.UpstreamTooSlow;
        ApplyTo(stream, stream.Machine.ResetLocally(reason));
        DropReceived(stream);
        _events.Enqueue(new PendingEvent(TunnelEventKind.StreamReset, stream.Id, reason));
    }

    private void HandleUnknownStream(scoped in Frame frame, long nowMicroseconds)
    {
        if (frame.Kind == FrameKind.Syn)
        {
            HandleSynOfUnknown(frame.StreamId, nowMicroseconds);
        }
        else if (IsProcessed() && frame.Kind == FrameKind.Data && !frame.Payload.IsEmpty && _resets.Add(frame.StreamId))
        {
            Reply(ResetFrame.Write(_frame, frame.StreamId), nowMicroseconds);
        }
    }

    private void HandleSynOfUnknown(int streamId, long nowMicroseconds)
    {
        var effects = _machine.HandleSyn();
        Apply(effects, "SYN before the handshake");
        if (effects.HasFlag(TunnelEffects.RefuseStream)
            || (effects.HasFlag(TunnelEffects.Process) && (_streams.Count >= _settings.MaximumStreams || !_opens.TryTake(nowMicroseconds))))
        {
            _statistics.StreamsRefused++;
            _resets.Add(streamId);
            Reply(ResetFrame.Write(_frame, streamId), nowMicroseconds);
        }
        else if (effects.HasFlag(TunnelEffects.Process))
        {
            var stream = new TunnelStream(streamId, _pool);
            _streams.Add(streamId, stream);
            _statistics.StreamsOpened++;
            ApplyTo(stream, stream.Machine.HandleSyn());
        }
    }

    /// <summary>Whether the tunnel's state processes ordinary frames; where it does not, the tunnel has just failed.</summary>
    private bool IsProcessed()
    {
        var effects = _machine.HandleFrame();
        Apply(effects, "a frame before the handshake");
        return effects.HasFlag(TunnelEffects.Process);
    }

    private void StartKeepAlive(long nowMicroseconds)
    {
        if (State == TunnelState.Ready)
        {
            _keepAlive ??= new KeepAlive(_settings.KeepAlivePeriod, _settings.KeepAliveTimeout, _settings.KeepAliveMisses, nowMicroseconds);
        }
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
        if (stream.Received.Length <= _settings.ResumeAtBytes)
        {
            ApplyTo(stream, stream.Machine.PauseLocally(pause: false));
        }
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
        stream.Received.Clear();
        stream.OwesEndOfStream = false;
    }
}
