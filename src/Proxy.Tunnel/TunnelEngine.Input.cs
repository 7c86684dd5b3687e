using Proxy.Kcp;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>What network and time bring.</summary>
public sealed partial class TunnelEngine
{
    private long? _refusedSinceMicroseconds;
    private long _bytesAtPing;

    /// <summary>One datagram of the peer. A malformed one is counted and has no effect.</summary>
    public void HandleDatagram(ReadOnlySpan<byte> datagram, long nowMicroseconds)
    {
        if (_isSilent)
        {
            return;
        }

        _statistics.DatagramsReceived++;
        _statistics.DatagramBytesReceived += datagram.Length;
        var inFlight = _lane.InFlightSegments;
        if (_lane.HandleDatagram(datagram, ToMilliseconds(nowMicroseconds)) >= KcpInputStatus.TooShort)
        {
            _statistics.DatagramsMalformed++;
            return;
        }

        _refusedSinceMicroseconds = null;
        if (_lane.PeerLostState)
        {
            FallSilent("the peer was restarted");
        }
        else if (State == TunnelState.Closed)
        {
            DropReceivedOfLane();
        }
        else if (_lane.InFlightSegments < inFlight)
        {
            // Something new was acknowledged. By a peer that lost its state it would have been found out above.
            _keepAlive?.HandleLife(nowMicroseconds, HasTraffic);
            CloseIfDrained();
        }
    }

    /// <summary>
    /// Something we sent was answered by ICMP "port unreachable". Once that is all that has come back for
    /// <see cref="TunnelSettings.RefusedFor"/>, the peer is gone.
    /// </summary>
    public void HandleRefused(long nowMicroseconds)
    {
        if (_refusedSinceMicroseconds is null)
        {
            // A tunnel with nothing in flight would send nothing more for a while, and so hear of no second refusal: a PING asks at once.
            _refusedSinceMicroseconds = nowMicroseconds;
            _keepAlive?.AskNow(nowMicroseconds);
            HandleDeadline(nowMicroseconds);
        }

        if (nowMicroseconds - _refusedSinceMicroseconds >= ToMicroseconds(_settings.RefusedFor))
        {
            FallSilent("nobody listens at the peer's port");
        }
    }

    /// <summary>The moment of <see cref="NextDeadlineMicroseconds"/> has come. Calling it early does nothing.</summary>
    public void HandleDeadline(long nowMicroseconds)
    {
        if (State == TunnelState.Closed)
        {
            HandleDeadlineAfterEnd(nowMicroseconds);
            return;
        }

        if (_machine.IsHandshaking && nowMicroseconds >= _handshakeDeadlineMicroseconds)
        {
            Apply(_machine.HandleHandshakeTimeout(), "the handshake was not answered in time");
        }

        switch (_keepAlive?.HandleTimer(nowMicroseconds))
        {
            case KeepAliveStep.SendPing:
                _bytesAtPing = BytesMoved;
                WriteControl(FrameKind.Ping, _keepAlive.PingId);
                break;
            case KeepAliveStep.Dead:
                Apply(_machine.HandlePeerSilent(), "keepalive response timeout");
                break;
        }
    }

    private long BytesMoved => _statistics.BytesSent + _statistics.BytesReceived;

    /// <summary>Whether payload moved since the last PING on streams that are still there: somebody may be waiting for more of it.</summary>
    private bool HasTraffic => _streams.Count > 0 && BytesMoved != _bytesAtPing;

    private void StartKeepAlive(long nowMicroseconds)
    {
        if (State == TunnelState.Ready)
        {
            _keepAlive ??= new KeepAlive(_settings.KeepAlivePeriod, _settings.KeepAliveTimeout, _settings.KeepAliveMisses, nowMicroseconds);
        }
    }

    /// <summary>Over, but the peer is still owed acknowledgements.</summary>
    private void DropReceivedOfLane()
    {
        while (_lane.TryPeekReceived(out _))
        {
            _lane.AdvanceReceived();
        }
    }
}
