using Proxy.Kcp;
using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What the network brings: datagrams into parts, parts into lanes and acknowledgements.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly ReceivedNumbers _received = new();
    private readonly AcknowledgementSchedule _acknowledgements = new();
    private ulong _lanesToRead;                   // lanes that may have frames, a bit each
    private long? _refusedSinceMicroseconds;

    /// <summary>
    /// One datagram, opened in place. What the seal does not take has no effect. From another address than before it may move the tunnel
    /// there, once that address has proved to be the peer's.
    /// </summary>
    public void HandleDatagram(Span<byte> datagram, PathAddress from, long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        if (_isSilent)
        {
            return;
        }

        if (!_seal.TryOpen(datagram, nowMicroseconds, out var number, out var body))
        {
            _nativeStatistics.DatagramsRefused++;
            return;
        }

        _refusedSinceMicroseconds = null;
        _owesLastWords |= _lastWords is not null;
        _nativeStatistics.DatagramsReceived++;
        _nativeStatistics.DatagramBytesReceived += datagram.Length;
        if (_received.Contains(number))
        {
            _nativeStatistics.DatagramsRepeated++;
            return;
        }

        HandlePath(from, datagram.Length, number, nowMicroseconds);
        var isInOrder = true;
        var wantsAcknowledgement = true;
        var isKnown = _fecReceiver.IsRecovered(number);
        _fecReceiver.Keep(number, body);
        if (isKnown || HandleBody(body, number, from, nowMicroseconds, out wantsAcknowledgement))
        {
            isInOrder = _received.Add(number, nowMicroseconds);
        }
        else
        {
            _nativeStatistics.DatagramsUnplaced++;
        }

        if (_fecReceiver.HasGroups)
        {
            HandleRecoverable(nowMicroseconds);
        }

        if (wantsAcknowledgement)
        {
            // Also for what had no place: the peer hears what is known, and that somebody is there.
            _acknowledgements.HandleArrival(isInOrder, _roundTrip.SmoothedMicroseconds, nowMicroseconds);
        }

        HandleHeard(nowMicroseconds);
    }

    /// <summary>
    /// Something we sent was answered by ICMP "port unreachable". Once that is all that has come back for
    /// <see cref="NativeTunnelSettings.RefusedFor"/>, the peer is gone.
    /// </summary>
    public void HandleRefused(long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        if (_refusedSinceMicroseconds is null)
        {
            _refusedSinceMicroseconds = nowMicroseconds;
            _liveness.AskNow(nowMicroseconds);
            HandleLivenessTimer(nowMicroseconds);
        }

        if (nowMicroseconds - _refusedSinceMicroseconds >= ToMicroseconds(_settings.RefusedFor))
        {
            FallSilent("nobody listens at the peer's port");
        }
    }

    /// <summary>The peer has proved that it knows nothing of this tunnel any more: it was restarted.</summary>
    public void HandlePeerLost(long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        FallSilent("the peer was restarted");
    }

    private void HandleHeard(long nowMicroseconds)
    {
        _probesSinceHeard = 0;
        if (_liveness.HandleHeard(HasTraffic, _sent.DatagramsInFlight > 0, nowMicroseconds) && State != TunnelState.Closed)
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Trusted));
        }
    }

    /// <summary>False when something had no place and the datagram must not be acknowledged.</summary>
    /// <param name="body">Parts.</param>
    /// <param name="carrier">The datagram's number; null when it did not arrive but was recovered, so that it says nothing of a path.</param>
    /// <param name="from">Where it came from.</param>
    /// <param name="nowMicroseconds">The present.</param>
    /// <param name="wantsAcknowledgement">Whether it has to be acknowledged.</param>
    private bool HandleBody(ReadOnlySpan<byte> body, ulong? carrier, PathAddress from, long nowMicroseconds, out bool wantsAcknowledgement)
    {
        wantsAcknowledgement = false;
        var isPlaced = true;
        var reader = new PartReader(body);
        ReadStatus status;
        while ((status = reader.Read(out var part)) == ReadStatus.Done)
        {
            wantsAcknowledgement |= part.WantsAcknowledgement;
            switch (part.Type)
            {
                case PartType.Kcp or PartType.KcpToEnd when State != TunnelState.Closed:
                    isPlaced &= HandleSegments(part.Payload, nowMicroseconds);
                    break;
                case PartType.Piece when State != TunnelState.Closed:
                    isPlaced &= HandlePiece(part.Payload, nowMicroseconds);
                    break;
                case PartType.Udp when State != TunnelState.Closed:
                    HandlePacket(part.Payload, nowMicroseconds);
                    break;
                case PartType.Acknowledgement:
                    HandleAcknowledgement(part.Payload, nowMicroseconds);
                    break;
                case PartType.Recovered:
                    HandleRecovered(part.Payload);
                    break;
                case PartType.Fec when carrier is { } number && State != TunnelState.Closed:
                    HandleShard(part.Payload, number);
                    break;
                case PartType.PathChallenge when carrier is not null:
                    HandleChallenge(PathPart.Token(part.Payload), from);
                    break;
                case PartType.PathResponse when carrier is not null:
                    HandleResponse(PathPart.Token(part.Payload), from, nowMicroseconds);
                    break;
                case PartType.Close:
                    HandleClose(part.Payload);
                    break;
            }
        }

        if (status == ReadStatus.Malformed)
        {
            FailMalformed(reader.Error!.Value.Text());
        }

        return isPlaced;
    }

    /// <summary>Runs of segments of one lane, each to its lane. False when one had no place.</summary>
    private bool HandleSegments(ReadOnlySpan<byte> segments, long nowMicroseconds)
    {
        var isPlaced = true;
        while (!segments.IsEmpty)
        {
            var length = MeasureRun(segments, out var laneIndex);
            if (length == 0 || laneIndex >= _lanes.Length)
            {
                FailMalformed("a segment that is cut short or has no lane");
                return isPlaced;
            }

            isPlaced &= HandleRun(_lanes[laneIndex], segments[..length], nowMicroseconds);
            segments = segments[length..];
        }

        return isPlaced;
    }

    /// <summary>The length of the segments at the front that are of one lane; 0 when the first is not whole.</summary>
    private static int MeasureRun(ReadOnlySpan<byte> segments, out uint laneIndex)
    {
        laneIndex = 0;
        var length = 0;
        while (KcpSegment.TryRead(segments[length..], out var segment) && (length == 0 || segment.Conversation == laneIndex))
        {
            laneIndex = segment.Conversation;
            if (segment.PayloadBytes > segments.Length - length - KcpSegment.HeaderBytes)
            {
                return 0;
            }

            length += KcpSegment.HeaderBytes + (int)segment.PayloadBytes;
        }

        return length;
    }

    private bool HandleRun(Lane lane, ReadOnlySpan<byte> segments, long nowMicroseconds)
    {
        if (OutOfOrderBytes >= _settings.OutOfOrderBytes && !ClosesGap(lane, segments))
        {
            return false;
        }

        var outOfOrder = lane.Kcp.OutOfOrderBytes;
        var status = lane.Kcp.HandleDatagram(segments, ToMilliseconds(nowMicroseconds));
        OutOfOrderBytes += lane.Kcp.OutOfOrderBytes - outOfOrder;
        if (status >= KcpInputStatus.TooShort)
        {
            _statistics.DatagramsMalformed++;
            FailMalformed($"a segment that is malformed ({status})");
            return false;
        }

        Activate(lane);
        if (lane.Kcp.ReceivedSegments > 0)
        {
            _lanesToRead |= 1UL << lane.Index;
        }

        return status == KcpInputStatus.Handled;
    }

    /// <summary>Whether nothing of it has to wait for what is missing before it.</summary>
    private static bool ClosesGap(Lane lane, ReadOnlySpan<byte> segments)
    {
        var next = lane.Kcp.ReceiveNext;
        while (KcpSegment.TryRead(segments, out var segment))
        {
            if (segment.Command == KcpCommand.Push)
            {
                if ((int)(segment.SequenceNumber - next) > 0)
                {
                    return false;
                }

                next += segment.SequenceNumber == next ? 1u : 0u;
            }

            segments = segments[(KcpSegment.HeaderBytes + (int)segment.PayloadBytes)..];
        }

        return true;
    }

    private void HandleClose(ReadOnlySpan<byte> payload)
    {
        if (State != TunnelState.Closed)
        {
            _owesFinalWord = true;
            Apply(_machine.HandleGoAway(), ClosePart.Text(payload));
        }
        else
        {
            // Both ended it; who was told has nothing more to say.
            _isSilent |= _lastWords is not null;
        }
    }

    private void FailMalformed(string text) => Apply(_machine.HandleMalformed(), text);
}
