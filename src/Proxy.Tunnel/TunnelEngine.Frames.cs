using Proxy.Kcp;
using Proxy.Protocol;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>Bytes of the lane into frames, frames into what they mean for the tunnel and its streams.</summary>
public sealed partial class TunnelEngine
{
    private readonly RecentResets _resets = new();
    private readonly RateBudget _opens;
    private readonly RateBudget _replies;
    private int _parsedOfSegment;                 // bytes of the lane's first received segment that the reader has taken

    /// <summary>Reads frames off the lane until one brings something to tell; false when the lane has no more.</summary>
    private bool TryReadFrames(long nowMicroseconds, out TunnelEvent data)
    {
        data = default;
        while (State != TunnelState.Closed && !HasEvents && data.StreamId == 0)
        {
            if (!TryReadFrame(nowMicroseconds, out data))
            {
                return false;
            }
        }

        return State != TunnelState.Closed || HasEvents;
    }

    /// <summary>Reads one frame, or part of one, off the lane; false when the lane has no more.</summary>
    private bool TryReadFrame(long nowMicroseconds, out TunnelEvent data)
    {
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
                HandleFrame(frame, nowMicroseconds, out data);
                return true;
            }
        }

        return false;
    }

    private void HandleFrame(scoped in Frame frame, long nowMicroseconds, out TunnelEvent data)
    {
        data = default;
        _keepAlive?.HandleLife(nowMicroseconds, HasTraffic || (frame.Kind == FrameKind.Data && _streams.Count > 0));
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
                Reply(FrameKind.PingAcknowledge, frame.PingId, nowMicroseconds);
                break;
            case FrameKind.PingAcknowledge when IsProcessed():
                _keepAlive?.HandleAcknowledge(frame.PingId, nowMicroseconds);
                break;
            case FrameKind.Data or FrameKind.Syn or FrameKind.Reset or FrameKind.PauseToggle:
                HandleStreamFrame(frame, nowMicroseconds, out data);
                break;
        }
    }

    private void HandleStreamFrame(scoped in Frame frame, long nowMicroseconds, out TunnelEvent data)
    {
        data = default;
        if (!_streams.TryGetValue(frame.StreamId, out var stream))
        {
            HandleUnknownStream(frame, nowMicroseconds);
            return;
        }

        if (!IsProcessed())
        {
            return;
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
                HandleData(stream, frame, out data);
                break;
        }

        RemoveIfDone(stream);
    }

    /// <summary>
    /// Takes the bytes of a DATA frame, then its end. They go out at once where the owner wants them and nothing waits before them, and are
    /// kept otherwise.
    /// </summary>
    private void HandleData(TunnelStream stream, scoped in Frame frame, out TunnelEvent data)
    {
        data = default;
        if (!frame.Payload.IsEmpty)
        {
            var effects = stream.Machine.HandleData();
            ApplyTo(stream, effects);
            if (effects.Has(StreamEffects.Deliver))
            {
                _statistics.BytesReceived += frame.Payload.Length;
                if (stream.IsReceiving && stream.Received.IsEmpty && !HasEvents)
                {
                    data = new TunnelEvent(TunnelEventKind.Data, stream.Id, frame.Payload);
                }
                else
                {
                    Keep(stream, frame.Payload);
                }
            }
        }

        if (frame.EndsStream)
        {
            ApplyTo(stream, stream.Machine.HandleFin());
        }
    }

    private void HandleUnknownStream(scoped in Frame frame, long nowMicroseconds)
    {
        if (frame.Kind == FrameKind.Syn)
        {
            HandleSynOfUnknown(frame.StreamId, nowMicroseconds);
        }
        else if (frame.Kind == FrameKind.Data && !frame.Payload.IsEmpty && IsProcessed())
        {
            RefuseOnce(frame.StreamId, nowMicroseconds);
        }
    }

    /// <summary>At the client it can only be a SYN-ACK that comes too late, which its RST has crossed.</summary>
    private void HandleSynOfUnknown(int streamId, long nowMicroseconds)
    {
        var effects = _machine.HandleSyn();
        Apply(effects, "SYN before the handshake");
        if (effects.Has(TunnelEffects.Process)
            && _streams.Count < _settings.MaximumStreams && !IsControlCrowded && _opens.TryTake(nowMicroseconds))
        {
            var stream = new TunnelStream(streamId, _pool);
            _streams.Add(streamId, stream);
            _statistics.StreamsOpened++;
            ApplyTo(stream, stream.Machine.HandleSyn());
        }
        else if (_machine.Role == TunnelRole.Client)
        {
            RefuseOnce(streamId, nowMicroseconds);
        }
        else if (State != TunnelState.Closed)
        {
            _statistics.StreamsRefused++;
            _resets.Add(streamId);
            Reply(FrameKind.Reset, streamId, nowMicroseconds);
        }
    }

    private void RefuseOnce(int streamId, long nowMicroseconds)
    {
        if (State != TunnelState.Closed && _resets.Add(streamId))
        {
            Reply(FrameKind.Reset, streamId, nowMicroseconds);
        }
    }

    /// <summary>Queues an answer that the peer provoked; one that provokes too many loses its tunnel.</summary>
    private void Reply(FrameKind kind, long number, long nowMicroseconds)
    {
        if (_replies.TryTake(nowMicroseconds) && _control.Count < _settings.MaximumControlFrames)
        {
            WriteControl(kind, number);
        }
        else
        {
            Apply(_machine.HandleMalformed(), "the peer provokes too many answers");
        }
    }

    /// <summary>Whether the tunnel's state processes ordinary frames; where it does not, the tunnel has just failed.</summary>
    private bool IsProcessed()
    {
        var effects = _machine.HandleFrame();
        Apply(effects, "a frame before the handshake");
        return effects.Has(TunnelEffects.Process);
    }
}
