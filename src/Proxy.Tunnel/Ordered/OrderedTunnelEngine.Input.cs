using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Ordered;

namespace Proxy.Tunnel;

/// <summary>What the peer sends: bytes into frames, frames into what they mean for the tunnel and its streams.</summary>
public sealed partial class OrderedTunnelEngine
{
    private readonly RecentResets _resets = new();
    private readonly AnnouncementReader _announcements;
    private readonly RateBudget _opens;
    private readonly RateBudget _replies;
    private int _lastPeerStreamId;

    public long HeardCount { get; private set; }

    /// <summary>The next bytes of the peer, cut anywhere. What is for readers is copied, within their windows.</summary>
    public void HandleBytes(ReadOnlySpan<byte> bytes, long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        if (bytes.IsEmpty || _isSilent || State == TunnelState.Closed)
        {
            return;
        }

        if (_machine.IsHandshaking)
        {
            BecomeReady();
        }

        HeardCount++;
        HandleHeard();
        ReadStatus status;
        while (State != TunnelState.Closed && (status = _reader.Read(ref bytes, out var frame)) != ReadStatus.NeedMore)
        {
            if (status == ReadStatus.Malformed)
            {
                FailMalformed(_reader.Error!.Text);
                return;
            }

            HandleFrame(frame);
        }
    }

    void ITunnelEngine.HandleDatagram(Span<byte> datagram, PathAddress from, long nowMicroseconds) => HandleBytes(datagram, nowMicroseconds);

    /// <summary>The carrier is gone, and with it what was not delivered.</summary>
    /// <param name="text">How, for the log.</param>
    public void HandleLost(string text, long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        _isSilent = true;
        Apply(_machine.HandleTransportLost(), text);
    }

    /// <summary>What the carrier brought is not the peer's: nothing of it counts, and nothing is said any more.</summary>
    /// <param name="text">What was wrong, for the log.</param>
    public void HandleForged(string text, long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        _isSilent = true;
        FailMalformed(text);
    }

    void ITunnelEngine.HandleRefused(long nowMicroseconds) => HandleLost("nobody listens there any more", nowMicroseconds);

    private void HandleFrame(scoped in Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Ping:
                Reply(new NativeControlFrame(FrameKind.PingAcknowledge, frame.PingId));
                TellPinged();
                break;
            case FrameKind.Member or FrameKind.Load:
                HandleAnnouncement(frame);
                break;
            case FrameKind.PingAcknowledge:
                HandleAnswer(frame.PingId);
                break;
            case FrameKind.GoAway when frame.ErrorCode == NativeGoAwayFrame.DrainError:
                HandlePeerDrains();
                break;
            case FrameKind.GoAway:
                _isSilent = true;
                Apply(_machine.HandleGoAway(), frame.ReasonText());
                break;
            default:
                HandleStreamFrame(frame);
                break;
        }
    }

    private void TellPinged()
    {
        if (_machine.Role == TunnelRole.Server && State != TunnelState.Closed)
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Pinged));
        }
    }

    private void HandleAnnouncement(scoped in Frame frame)
    {
        if (_announcements.Read(frame, _nowMicroseconds, out var wrong) is { } announcement)
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Announced, Announcement: announcement));
        }
        else
        {
            FailMalformed(wrong);
        }
    }

    private void HandleStreamFrame(scoped in Frame frame)
    {
        if (!_streams.TryGetValue(frame.StreamId, out var stream))
        {
            HandleUnknownStream(frame);
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
                var effects = WireReasons.ToEnd(frame.ResetReason) is { } reason ? stream.Machine.HandleReset(reason) : stream.Machine.HandleReset();
                ApplyTo(stream, effects, distance: frame.ResetDistance);
                break;
            case FrameKind.Data:
                HandleData(stream, frame);
                break;
            case FrameKind.Packet:
                HandlePacket(stream, frame.Payload);
                break;
        }

        RemoveIfDone(stream);
    }

    /// <summary>More credit than a window can have is as good as the largest.</summary>
    private void TakeCredit(OrderedStream stream, uint bytes)
    {
        stream.SendCreditBytes = Math.Min(stream.SendCreditBytes + bytes, uint.MaxValue);
        TakeSendTurn(stream);
    }

    /// <summary>Takes the bytes of a DATA frame, then its end.</summary>
    private void HandleData(OrderedStream stream, scoped in Frame frame)
    {
        if (!frame.Payload.IsEmpty)
        {
            stream.ReceivedBytes += frame.Payload.Length;
            if (stream.ReceivedBytes > stream.GrantedBytes && stream.Machine.IsLive)
            {
                ExceedCredit(stream);
                return;
            }

            var effects = stream.Machine.HandleData();
            ApplyTo(stream, effects, WireReason.Malformed);
            if (effects.Has(StreamEffects.Deliver))
            {
                Keep(stream, frame.Payload);
            }
        }

        if (frame.EndsStream)
        {
            ApplyTo(stream, stream.Machine.HandleFin());
        }
    }

    private void ExceedCredit(OrderedStream stream)
    {
        ApplyTo(stream, stream.Machine.ResetLocally(EndReason.Malformed), WireReason.CreditExceeded);
        DropReceived(stream);
        if (!stream.IsReleased)
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.StreamReset, stream.Id, EndReason.Malformed));
        }
    }

    private void HandleUnknownStream(scoped in Frame frame)
    {
        if (frame.Kind == FrameKind.Syn && _machine.Role == TunnelRole.Server)
        {
            HandleSyn(frame);
        }
        else if (frame.Kind == FrameKind.Syn || (frame.Kind == FrameKind.Data && !frame.Payload.IsEmpty))
        {
            RefuseOnce(frame.StreamId, WireReason.Cancelled);
        }
    }

    private void HandleSyn(scoped in Frame frame)
    {
        if (frame.StreamId <= _lastPeerStreamId || (frame.StreamId & 1) == 0)
        {
            FailMalformed("a stream id that goes back or is even");
            return;
        }

        if (_control.Count >= MaximumControlFrames)
        {
            FailMalformed("the peer opens streams and takes no answer");
            return;
        }

        _lastPeerStreamId = frame.StreamId;
        if (ReasonToRefuse() is { } reason)
        {
            _statistics.StreamsRefused++;
            RefuseOnce(frame.StreamId, reason);
            return;
        }

        var stream = AddStream(frame.StreamId);
        TakeCredit(stream, frame.Credit);
        ApplyTo(stream, stream.Machine.HandleSyn());
    }

    /// <summary>Each of them promises that nothing was processed. A drain takes what the client opened before it heard of it.</summary>
    private WireReason? ReasonToRefuse()
    {
        if (State == TunnelState.Draining && _hasPeerHeardOfDrain)
        {
            return WireReason.Draining;
        }

        if (_streams.Count >= _settings.MaximumStreams)
        {
            return WireReason.TooManyStreams;
        }

        return _budget.HasRoom && _opens.TryTake(_nowMicroseconds) && _settings.Places?.TryTake() != false ? null : WireReason.Busy;
    }

    private void RefuseOnce(int streamId, WireReason reason)
    {
        if (_resets.Add(streamId))
        {
            Reply(NativeControlFrame.Reset(streamId, reason, distance: 0));
        }
    }

    /// <summary>Queues an answer that the peer provoked; one that provokes too many, or takes none, loses its tunnel.</summary>
    private void Reply(in NativeControlFrame frame)
    {
        if (_control.Count < MaximumControlFrames && _replies.TryTake(_nowMicroseconds))
        {
            _control.Enqueue(frame);
        }
        else
        {
            FailMalformed("the peer provokes too many answers");
        }
    }

    private void FailMalformed(string text) => Apply(_machine.HandleMalformed(), text);

    // At half of it nothing is opened any more: what a peer that takes nothing can make wait.
    private const int MaximumControlFrames = 64 * 1024;
}
