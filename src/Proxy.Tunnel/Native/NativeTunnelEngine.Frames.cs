using Proxy.Protocol;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>Bytes of the lanes into frames, frames into what they mean for the tunnel and its streams.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly RecentResets _resets = new();
    private readonly AnnouncementReader _announcements;
    private readonly RateBudget _opens;
    private readonly RateBudget _replies;

    /// <summary>Reads frames off the lanes until there is something to tell; false when no lane has more.</summary>
    private bool TryReadFrames(long nowMicroseconds, out TunnelEvent data)
    {
        while (_lanesToRead != 0 && State != TunnelState.Closed)
        {
            var lane = _lanes[System.Numerics.BitOperations.TrailingZeroCount(_lanesToRead)];
            if (!TryReadFrame(lane, nowMicroseconds))
            {
                _lanesToRead &= ~(1UL << lane.Index);
            }
            else if (_events.Count > 0 || _deliveryTurns.Count > 0 || IsGatheredFull)
            {
                break;
            }
        }

        return TryHandOutGathered(out data) || _events.Count > 0 || _deliveryTurns.Count > 0;
    }

    /// <summary>Reads one frame, or part of one, off the lane; false when the lane has no more.</summary>
    private bool TryReadFrame(Lane lane, long nowMicroseconds)
    {
        while (lane.Kcp.TryPeekReceived(out var segment))
        {
            var rest = segment[lane.ParsedOfSegment..];
            if (rest.IsEmpty)
            {
                lane.Kcp.AdvanceReceived();
                lane.ParsedOfSegment = 0;
                continue;
            }

            var status = lane.Reader.Read(ref rest, out var frame);
            lane.ParsedOfSegment = segment.Length - rest.Length;
            if (status == ReadStatus.Malformed)
            {
                FailMalformed(lane.Reader.Error!.Text);
                return true;
            }

            if (status == ReadStatus.Done)
            {
                HandleFrame(lane, frame, nowMicroseconds);
                return true;
            }
        }

        return false;
    }

    private void HandleFrame(Lane lane, scoped in Frame frame, long nowMicroseconds)
    {
        if (frame.StreamId == 0 ? lane.Index != 0 : lane != LaneOf(frame.StreamId))
        {
            FailMalformed("a frame on a lane that is not its own");
            return;
        }

        switch (frame.Kind)
        {
            case FrameKind.Ping:
                TrimFec();
                Reply(lane, new NativeControlFrame(FrameKind.PingAcknowledge, frame.PingId), nowMicroseconds);
                TellPinged();
                break;
            case FrameKind.PingAcknowledge:
                break;
            case FrameKind.Member or FrameKind.Load:
                HandleAnnouncement(frame, nowMicroseconds);
                break;
            case FrameKind.GoAway when frame.ErrorCode == NativeGoAwayFrame.DrainError:
                HandlePeerDrains();
                break;
            case FrameKind.GoAway:
                Apply(_machine.HandleGoAway(), frame.ReasonText());
                break;
            default:
                HandleStreamFrame(lane, frame, nowMicroseconds);
                break;
        }
    }

    /// <summary>Tells the client something beside the streams, on tunnel-c. False: too much waits to be told.</summary>
    public bool Announce(TunnelAnnouncement announcement)
    {
        if (State is TunnelState.Closed || _isDisposed || !_lanes[0].Announcements.TryAdd(announcement))
        {
            return false;
        }

        Activate(_lanes[0]);
        return true;
    }

    private void TellPinged()
    {
        if (_machine.Role == TunnelRole.Server)
        {
            Tell(TunnelEventKind.Pinged, "");
        }
    }

    private void HandleAnnouncement(scoped in Frame frame, long nowMicroseconds)
    {
        if (_announcements.Read(frame, nowMicroseconds, out var wrong) is { } announcement)
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Announced, Announcement: announcement));
        }
        else
        {
            FailMalformed(wrong);
        }
    }

    private void HandleStreamFrame(Lane lane, scoped in Frame frame, long nowMicroseconds)
    {
        if (!_streams.TryGetValue(frame.StreamId, out var stream))
        {
            HandleUnknownStream(lane, frame, nowMicroseconds);
            return;
        }

        switch (frame.Kind)
        {
            case FrameKind.Syn when _machine.Role == TunnelRole.Client && !stream.Machine.IsAnswered:
                TakeCredit(stream, frame.Credit);
                ApplyTo(stream, stream.Machine.HandleSynAck());
                break;
            case FrameKind.Syn:
                FailMalformed("a stream that is opened twice");
                return;
            case FrameKind.WindowUpdate:
                TakeCredit(stream, frame.Credit);
                break;
            case FrameKind.Reset:
                HandleReset(stream, frame);
                break;
            case FrameKind.Data:
                HandleData(stream, frame, nowMicroseconds);
                break;
        }

        RemoveIfDone(stream);
    }

    private void HandleReset(NativeStream stream, scoped in Frame frame)
    {
        var effects = WireReasons.ToEnd(frame.ResetReason) is { } reason ? stream.Machine.HandleReset(reason) : stream.Machine.HandleReset();
        ApplyTo(stream, effects, distance: frame.ResetDistance);
    }

    /// <summary>More credit than a window can have is as good as the largest.</summary>
    private void TakeCredit(NativeStream stream, uint bytes)
    {
        stream.SendCreditBytes = Math.Min(stream.SendCreditBytes + bytes, uint.MaxValue);
        TakeSendTurn(stream);
    }

    /// <summary>
    /// Takes the bytes of a DATA frame, then its end. They go out at once where the owner wants them and nothing waits before them, and are
    /// kept otherwise.
    /// </summary>
    private void HandleData(NativeStream stream, scoped in Frame frame, long nowMicroseconds)
    {
        if (!frame.Payload.IsEmpty)
        {
            stream.ReceivedBytes += frame.Payload.Length;
            stream.Lane.NoteReceived(frame.Payload.Length, nowMicroseconds);
            if (stream.ReceivedBytes > stream.GrantedBytes && stream.Machine.IsLive)
            {
                ExceedCredit(stream);
                return;
            }

            var effects = stream.Machine.HandleData();
            ApplyTo(stream, effects, WireReason.Malformed);
            if (effects.Has(StreamEffects.Deliver))
            {
                Deliver(stream, frame.Payload, nowMicroseconds);
            }
        }

        if (frame.EndsStream)
        {
            ApplyTo(stream, stream.Machine.HandleFin());
        }
    }

    private void ExceedCredit(NativeStream stream)
    {
        _nativeStatistics.CreditExceeded++;
        ApplyTo(stream, stream.Machine.ResetLocally(EndReason.Malformed), WireReason.CreditExceeded);
        DropReceived(stream);
        if (!stream.IsReleased)
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.StreamReset, stream.Id, EndReason.Malformed));
        }
    }

    private void HandleUnknownStream(Lane lane, scoped in Frame frame, long nowMicroseconds)
    {
        if (frame.Kind == FrameKind.Syn && _machine.Role == TunnelRole.Server)
        {
            HandleSyn(lane, frame, nowMicroseconds);
        }
        else if (frame.Kind == FrameKind.Syn || (frame.Kind == FrameKind.Data && !frame.Payload.IsEmpty))
        {
            RefuseOnce(lane, frame.StreamId, WireReason.Cancelled, nowMicroseconds);
        }
    }

    private void HandleSyn(Lane lane, scoped in Frame frame, long nowMicroseconds)
    {
        if (frame.StreamId <= lane.LastPeerStreamId || (frame.StreamId & 1) == 0)
        {
            FailMalformed("a stream id that goes back or is even");
            return;
        }

        lane.LastPeerStreamId = frame.StreamId;
        if (ReasonToRefuse(nowMicroseconds) is { } reason)
        {
            _statistics.StreamsRefused++;
            RefuseOnce(lane, frame.StreamId, reason, nowMicroseconds);
            return;
        }

        var stream = AddStream(frame.StreamId, lane);
        TakeCredit(stream, frame.Credit);
        ApplyTo(stream, stream.Machine.HandleSyn());
        if (!_earlyPackets.IsEmpty)
        {
            _earlyPackets.TakeFor((uint)frame.StreamId, nowMicroseconds, HandlePacket);
        }
    }

    /// <summary>Each of them promises that nothing was processed.</summary>
    private WireReason? ReasonToRefuse(long nowMicroseconds)
    {
        if (State == TunnelState.Draining && nowMicroseconds >= _servesCrossedUntil)
        {
            return WireReason.Draining;
        }

        if (_streams.Count >= _settings.MaximumStreams)
        {
            return WireReason.TooManyStreams;
        }

        return _budget.HasRoom && !IsControlCrowded && _opens.TryTake(nowMicroseconds) && _settings.Places?.TryTake() != false ? null : WireReason.Busy;
    }

    private void RefuseOnce(Lane lane, int streamId, WireReason reason, long nowMicroseconds)
    {
        if (_resets.Add(streamId))
        {
            Reply(lane, NativeControlFrame.Reset(streamId, reason, distance: 0), nowMicroseconds);
        }
    }

    /// <summary>Queues an answer that the peer provoked; one that provokes too many loses its tunnel.</summary>
    private void Reply(Lane lane, in NativeControlFrame frame, long nowMicroseconds)
    {
        if (_replies.TryTake(nowMicroseconds) && ControlFrames < _settings.MaximumControlFrames)
        {
            Queue(lane, frame);
        }
        else
        {
            FailMalformed("the peer provokes too many answers");
        }
    }
}
