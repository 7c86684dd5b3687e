namespace Proxy.Kcp;

/// <summary>What the peer has room for, the questions when it has none, and the congestion window.</summary>
public sealed partial class KcpEngine
{
    internal const int MaximumProbeMilliseconds = 120_000;
    private const int MinimumSlowStartThresholdSegments = 2;

    private uint _peerWindowEdge;
    private bool _hasHeardPeer;
    private bool _asksWindow;
    private int _probeWaitMilliseconds;
    private uint _probeAtMilliseconds;

    private int _congestionSegments = 1;
    private long _congestionBytes; // incr
    private int _slowStartThresholdSegments;
    private uint _timeoutRecoveryEnd;
    private bool _fastResentInFlush;
    private bool _timedOutInFlush;

    /// <summary>How many segments from <see cref="SendUnacknowledged"/> on the peer has room for (rmt_wnd).</summary>
    public int PeerWindowSegments => Math.Max(0, Serial.Distance(_firstUnacknowledged, _peerWindowEdge));

    /// <summary>The congestion window (cwnd); it limits nothing when the settings have it off.</summary>
    public int CongestionWindowSegments => _congestionSegments;

    private int UsableWindowSegments
    {
        get
        {
            var window = Math.Min(_settings.SendWindowSegments, PeerWindowSegments);
            return _settings.CongestionWindow ? Math.Min(window, _congestionSegments) : window;
        }
    }

    /// <summary>
    /// The peer's window ends at una + wnd, and that edge only ever moves forward; so an older datagram that arrives late cannot open the
    /// window too far, as it would if its wnd were added to a newer una.
    /// </summary>
    private void LearnPeerWindow(in KcpSegment segment)
    {
        var edge = segment.Unacknowledged + segment.WindowSegments;
        if (!_hasHeardPeer || Serial.IsAfter(edge, _peerWindowEdge))
        {
            _hasHeardPeer = true;
            _peerWindowEdge = edge;
        }
    }

    /// <summary>Asks for the window from time to time while it is closed and there is something to send.</summary>
    private void UpdateProbe(uint nowMilliseconds)
    {
        if (PeerWindowSegments > 0 || QueuedSegments == 0)
        {
            _probeWaitMilliseconds = 0;
        }
        else if (_probeWaitMilliseconds == 0)
        {
            _probeWaitMilliseconds = _settings.ProbeMilliseconds;
            _probeAtMilliseconds = nowMilliseconds + (uint)_probeWaitMilliseconds;
        }
        else if (!Serial.IsBefore(nowMilliseconds, _probeAtMilliseconds))
        {
            _probeWaitMilliseconds = Math.Min(_probeWaitMilliseconds + (_probeWaitMilliseconds / 2), MaximumProbeMilliseconds);
            _probeAtMilliseconds = nowMilliseconds + (uint)_probeWaitMilliseconds;
            _asksWindow = true;
        }
    }

    private bool TryFindProbe(out KcpCommand command)
    {
        command = _asksWindow ? KcpCommand.AskWindow : KcpCommand.TellWindow;
        return _asksWindow || _owesWindow;
    }

    private int WriteProbe(KcpCommand command, uint nowMilliseconds, Span<byte> destination)
    {
        if (command == KcpCommand.AskWindow)
        {
            _asksWindow = false;
            _statistics.ProbesSent++;
        }
        else
        {
            _owesWindow = false;
        }

        return WriteHeader(command, 0, nowMilliseconds, 0, 0, destination);
    }

    /// <summary>Una moved on: doubling per round trip up to the threshold, then about one segment per round trip.</summary>
    private void GrowCongestionWindow()
    {
        long payload = MaximumPayloadBytes;
        if (_congestionSegments >= PeerWindowSegments)
        {
            return;
        }

        if (_congestionSegments < _slowStartThresholdSegments)
        {
            _congestionSegments++;
            _congestionBytes += payload;
        }
        else
        {
            _congestionBytes = Math.Max(_congestionBytes, payload);
            _congestionBytes += (payload * payload / _congestionBytes) + (payload / 16);
            if ((_congestionSegments + 1) * payload <= _congestionBytes)
            {
                _congestionSegments = (int)((_congestionBytes + payload - 1) / payload);
            }
        }

        if (_congestionSegments > PeerWindowSegments)
        {
            _congestionSegments = PeerWindowSegments;
            _congestionBytes = _congestionSegments * payload;
        }
    }

    /// <summary>
    /// At the end of a flush that resent something. The reference flushes by a tick and so reduces at most once per interval; here a flush
    /// follows every datagram, and the reduction for a timeout stands until everything in flight at the time was acknowledged. That for a fast
    /// resend is the same however often it is made, as what is in flight stays.
    /// </summary>
    private void ReduceCongestionWindow()
    {
        long payload = MaximumPayloadBytes;
        if (_fastResentInFlush)
        {
            var inFlight = (int)(_sendNext - _firstUnacknowledged);
            _slowStartThresholdSegments = Math.Max(MinimumSlowStartThresholdSegments, inFlight / 2);
            _congestionSegments = _slowStartThresholdSegments + _settings.FastResend;
            _congestionBytes = _congestionSegments * payload;
        }

        if (_timedOutInFlush && !Serial.IsBefore(_firstUnacknowledged, _timeoutRecoveryEnd))
        {
            _slowStartThresholdSegments = Math.Max(MinimumSlowStartThresholdSegments, UsableWindowSegments / 2);
            _congestionSegments = 1;
            _congestionBytes = payload;
            _timeoutRecoveryEnd = _sendNext;
        }

        _fastResentInFlush = _timedOutInFlush = false;
    }
}
