using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What time brings: PINGs, and what silence means. Any byte of the peer is a sign of life.</summary>
public sealed partial class OrderedTunnelEngine
{
    private long _toldDeadlineMicroseconds = long.MaxValue;
    private bool _isCatchingUp;                   // whether the last deadline came so late that what arrived meanwhile is to be heard first
    private long _silentSinceMicroseconds;        // since when something is unanswered
    private bool _isAwaitingAnswer;
    private long _pingId;
    private long _pingSentMicroseconds;
    private bool _isPingOut;
    private long _bytesAtPing;
    private long _suspicions;

    /// <summary>When to call <see cref="HandleDeadline"/> again; null: never, unless something happens.</summary>
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

        var next = _liveness.DeadlineMicroseconds;
        if (_isCatchingUp)
        {
            next = nowMicroseconds + CatchUpMicroseconds;
        }
        else if (_machine.IsHandshaking)
        {
            next = _startedMicroseconds + FirstByteMicroseconds;
        }
        else if (_isAwaitingAnswer && !IsSuspect)
        {
            next = Math.Min(next, _silentSinceMicroseconds + SuspectMicroseconds);
        }

        if (State == TunnelState.Draining && _streams.Count == 0 && _drainEndsMicroseconds > nowMicroseconds)
        {
            next = Math.Min(next, _drainEndsMicroseconds);
        }

        _toldDeadlineMicroseconds = next = Math.Max(next, nowMicroseconds + 1);
        return next;
    }

    /// <summary>
    /// The moment of <see cref="NextDeadlineMicroseconds"/> has come. Calling it early does nothing. When it comes very late the process, not
    /// the peer, was away: what has arrived meanwhile is to be given first, and is decided upon a moment later.
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
        if (!_machine.IsHandshaking)
        {
            HandleLivenessTimer();
            CloseIfDrained();
        }
        else if (nowMicroseconds - _startedMicroseconds >= FirstByteMicroseconds)
        {
            Apply(_machine.HandleHandshakeTimeout(), "nothing came after the handshake");
        }
    }

    private void HandleLivenessTimer()
    {
        switch (_liveness.HandleTimer(EnoughProbes, SuspectMicroseconds / EnoughProbes, _nowMicroseconds))
        {
            case LivenessStep.SendPing:
                SendPing();
                break;
            case LivenessStep.Suspect:
                _suspicions++;
                _events.Enqueue(new PendingEvent(
                    TunnelEventKind.Suspected, Text: $"no answer for {_liveness.SilenceMicroseconds(_nowMicroseconds) / 1000} ms"));
                break;
            case LivenessStep.Dead:
                Apply(_machine.HandlePeerSilent(), "the peer is silent");
                break;
        }
    }

    private void AskNow()
    {
        _liveness.AskNow(_nowMicroseconds);
        HandleLivenessTimer();
    }

    private void SendPing()
    {
        _bytesAtPing = BytesMoved;
        _control.Enqueue(new NativeControlFrame(FrameKind.Ping, ++_pingId));
        _pingSentMicroseconds = _nowMicroseconds;
        _isPingOut = true;
        AwaitAnswer();
    }

    /// <summary>From now on silence counts.</summary>
    private void AwaitAnswer()
    {
        if (!_isAwaitingAnswer)
        {
            _isAwaitingAnswer = true;
            _silentSinceMicroseconds = _nowMicroseconds;
            _liveness.HandleSent(_nowMicroseconds);
        }
    }

    private void HandleHeard()
    {
        _isAwaitingAnswer = _isPingOut || _isBlocked;
        _silentSinceMicroseconds = _nowMicroseconds;
        var hasTraffic = _streams.Count > 0 && BytesMoved != _bytesAtPing;
        if (_liveness.HandleHeard(hasTraffic, _isAwaitingAnswer, _nowMicroseconds))
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Trusted));
        }
    }

    private void HandleAnswer(long pingId)
    {
        if (_isPingOut && pingId == _pingId)
        {
            _isPingOut = false;
            _roundTrip.Measure(_nowMicroseconds - _pingSentMicroseconds, 0);
            HandleHeard();
        }
    }

    /// <summary>While bytes move, the round trip is looked at from time to time: windows grow by it.</summary>
    private bool IsMeasurementDue => !_isPingOut && _nowMicroseconds - _pingSentMicroseconds >= MeasureMicroseconds;

    private long BytesMoved => _statistics.BytesSent + _statistics.BytesReceived;

    private const int EnoughProbes = 3;

    // An answer waits behind what the kernel and the path hold before it: longer than over datagrams, where nothing queues.
    private const long SuspectMicroseconds = 3_000_000;
    private const long FirstByteMicroseconds = 10_000_000;
    private const long MeasureMicroseconds = 250_000;
    private const long LateMicroseconds = 250_000;
    private const long CatchUpMicroseconds = 1_000;
}
