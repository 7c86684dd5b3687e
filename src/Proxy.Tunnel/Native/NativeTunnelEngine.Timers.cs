using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What time brings.</summary>
public sealed partial class NativeTunnelEngine
{
    private long _toldDeadlineMicroseconds = long.MaxValue;
    private bool _isCatchingUp;                   // whether the last deadline came so late that what arrived meanwhile is to be heard first
    private long _bytesAtPing;
    private long _pingId;

    /// <summary>
    /// When to call <see cref="HandleDeadline"/> and <see cref="TryGetDatagrams"/> again; null: never, unless something happens. To be asked
    /// after output was taken until there was none.
    /// </summary>
    public long? NextDeadlineMicroseconds(long nowMicroseconds)
    {
        if (_isDisposed)
        {
            return null;
        }

        if (State == TunnelState.Closed)
        {
            return NextDeadlineAfterEnd(nowMicroseconds);
        }

        var next = _isCatchingUp ? nowMicroseconds + CatchUpMicroseconds : _liveness.DeadlineMicroseconds;
        if (!_isCatchingUp)
        {
            next = Math.Min(next, Math.Min(_sent.LossDueMicroseconds, ProbeDueMicroseconds));
        }

        if (!_isCatchingUp && _liveness.SuspectDueMicroseconds(_probesSinceHeard, _roundTrip.ProbeTimeoutMicroseconds) is { } doubt)
        {
            next = Math.Min(next, doubt);
        }

        next = Math.Min(next, Math.Min(_acknowledgements.DueMicroseconds, PathDueMicroseconds));
        if (_isWaitingForPacer && HasContent)
        {
            next = Math.Min(next, _pacer.NextMicroseconds(_size.Bytes, _controller.PacingBytesPerSecond, nowMicroseconds));
        }

        next = Math.Min(next, FecDueMicroseconds);
        if (State == TunnelState.Draining && _streams.Count == 0 && _servesCrossedUntil > nowMicroseconds)
        {
            next = Math.Min(next, _servesCrossedUntil);
        }

        next = Math.Min(next, WindowProbeDueMicroseconds(nowMicroseconds));

        // What may not be sent at all waits for the peer, not for time.
        var least = nowMicroseconds + (CanSendAtAll ? 1 : UnsendableMicroseconds);
        _toldDeadlineMicroseconds = next = Math.Max(next, least);
        return next;
    }

    /// <summary>
    /// The moment of <see cref="NextDeadlineMicroseconds"/> has come. Calling it early does nothing. When it comes very late the process, not
    /// the path, was away: what has arrived meanwhile is to be given first, and is decided upon a moment later.
    /// </summary>
    public void HandleDeadline(long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        if (State == TunnelState.Closed)
        {
            HandleDeadlineAfterEnd(nowMicroseconds);
            return;
        }

        if (!_isCatchingUp && nowMicroseconds - _toldDeadlineMicroseconds > LateMicroseconds)
        {
            _isCatchingUp = true;
            return;
        }

        _isCatchingUp = false;
        HandleLossTimer(nowMicroseconds);
        HandlePathTimer(nowMicroseconds);
        HandleLivenessTimer(nowMicroseconds);
        _activeLanes |= _blockedLanes;
        _blockedLanes = 0;
        CloseIfDrained();
    }

    private void HandleLivenessTimer(long nowMicroseconds)
    {
        if (State == TunnelState.Closed)
        {
            return;
        }

        switch (_liveness.HandleTimer(_probesSinceHeard, _roundTrip.ProbeTimeoutMicroseconds, nowMicroseconds))
        {
            case LivenessStep.SendPing:
                TrimIfIdle();
                _bytesAtPing = BytesMoved;
                Queue(_lanes[0], new NativeControlFrame(FrameKind.Ping, ++_pingId));
                break;
            case LivenessStep.Suspect:
                _nativeStatistics.Suspicions++;
                _events.Enqueue(new PendingEvent(
                    TunnelEventKind.Suspected,
                    Text: $"no answer for {_liveness.SilenceMicroseconds(nowMicroseconds) / 1000} ms, {_probesSinceHeard} probes sent"));
                break;
            case LivenessStep.Dead:
                Apply(_machine.HandlePeerSilent(), "the peer is silent");
                break;
        }
    }

    /// <summary>Tables that a burst has grown are given back when nothing moved for a whole keepalive period.</summary>
    private void TrimIfIdle()
    {
        if (!HasTraffic)
        {
            foreach (var lane in _lanes)
            {
                lane.Kcp.TrimExcess();
            }

            TrimFec();
        }
    }

    private long BytesMoved => _statistics.BytesSent + _statistics.BytesReceived;

    /// <summary>Whether bytes moved since the last PING on streams that are still there: somebody may be waiting for more of them.</summary>
    private bool HasTraffic => _streams.Count > 0 && BytesMoved != _bytesAtPing;

    /// <summary>A lane that waits for the peer's window asks for it from time to time.</summary>
    private long WindowProbeDueMicroseconds(long nowMicroseconds)
    {
        var due = long.MaxValue;
        if (_blockedLanes == 0)
        {
            return due;
        }

        var now = ToMilliseconds(nowMicroseconds);
        foreach (var lane in _lanes)
        {
            if (lane.IsBlocked && lane.Kcp.NextDeadlineMilliseconds(now) is { } at)
            {
                due = Math.Min(due, ((nowMicroseconds / 1000) + (int)(at - now)) * 1000);
            }
        }

        return due;
    }

    private const long LateMicroseconds = 250_000;
    private const long CatchUpMicroseconds = 1_000;
    private const long UnsendableMicroseconds = 100_000;
}
