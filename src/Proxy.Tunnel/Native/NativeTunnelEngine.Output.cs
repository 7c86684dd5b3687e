using System.Numerics;
using Proxy.Kcp;
using Proxy.Protocol;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What goes out: control first, then the lanes in turn, as far as controller and pacer allow; acknowledgements with it or alone.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly Pacer _pacer = new();
    private ulong _activeLanes;                   // lanes that may have something to send, a bit each
    private ulong _blockedLanes;                  // lanes that have something and wait for the peer's window
    private int _turnLane = 1;
    private int _bareSinceAsked;                  // bare acknowledgements since something went out that has to be answered
    private bool _isWaitingForPacer;

    /// <summary>
    /// The next datagrams that are due, of one size (the last perhaps shorter) and for one address, as many as fit. Call until false.
    /// A closed tunnel still gives out its last words.
    /// </summary>
    public bool TryGetDatagrams(long nowMicroseconds, Span<byte> buffer, out DatagramBatch batch)
    {
        _nowMicroseconds = nowMicroseconds;
        batch = default;
        if (buffer.Length < DatagramBytes)
        {
            throw new ArgumentException($"The buffer has {buffer.Length} bytes, a datagram up to {DatagramBytes}.", nameof(buffer));
        }

        NoteSealUsed();
        if (_isSilent || !CanSendAtAll)
        {
            return false;
        }

        _acknowledgements.EndBatch();
        CloseIfDrained();
        if (State == TunnelState.Closed)
        {
            return TryWriteLastWords(buffer, out batch);
        }

        if (TryWritePathDatagram(buffer, nowMicroseconds, out batch) || TryWriteShards(buffer, nowMicroseconds, out batch)
            || TryWriteSizeProbe(buffer, nowMicroseconds, out batch))
        {
            return true;
        }

        var size = NextDatagramBytes(nowMicroseconds);
        var total = 0;
        while (total + size <= buffer.Length && _seal.CanSeal(size) && !_sent.IsFull)
        {
            var length = WriteDatagram(buffer.Slice(total, size), nowMicroseconds);
            total += length;
            if (length < size || EndsBatch(size))
            {
                break;
            }
        }

        batch = new DatagramBatch(total, Math.Min(total, size), _path);
        return total > 0;
    }

    /// <summary>Writes one datagram of at most that size and gives its length; 0 when nothing is due.</summary>
    private int WriteDatagram(Span<byte> destination, long nowMicroseconds)
    {
        var body = destination[IDatagramSeal.HeaderBytes..^IDatagramSeal.TagBytes];
        var isProbe = _probesOwed > 0;
        var isSmallProbe = _probesOwed == 1 && destination.Length > NativeTunnelSettings.LeastDatagramBytes;
        var length = 0;
        if (!isSmallProbe && (isProbe || MaySend(destination.Length, nowMicroseconds)))
        {
            length = WritePiece(body, ToMilliseconds(nowMicroseconds));
            length += WriteContent(body[length..], body.Length, nowMicroseconds);

            if (!HasContent)
            {
                // This one is the last there is: what is learned from it is not what the path can carry.
                _rate.HandleNothingToSend(_sent.BytesInFlight);
            }
        }

        var isInFlight = length > 0;
        var datagram = new SentDatagram { SentMicroseconds = nowMicroseconds };
        length += WriteAcknowledgement(body[length..], length > 0 || isProbe, ref datagram, nowMicroseconds);
        if (!isInFlight && length < body.Length && (isProbe || (length > 0 && IsAnswerWanted)))
        {
            // Nothing to send, but the peer has to answer.
            PaddingPart.Write(body.Slice(length++, PaddingPart.MinLengthBytes));
            isInFlight = true;
        }

        if (length == 0)
        {
            return 0;
        }

        if (isInFlight)
        {
            length += PadToTrigger(body, length);
        }

        _probesOwed -= isProbe ? 1 : 0;
        datagram.IsInFlight = isInFlight;
        return Seal(destination[..(length + IDatagramSeal.OverheadBytes)], ref datagram);
    }

    /// <summary>A peer that was restarted answers nothing shorter, and would be found out by its silence alone.</summary>
    private static int PadToTrigger(Span<byte> body, int length)
    {
        var missing = SealingLimits.ResetTriggerBytes - IDatagramSeal.OverheadBytes - length;
        if (missing <= 0)
        {
            return 0;
        }

        PaddingPart.Write(body.Slice(length, missing));
        return missing;
    }

    /// <summary>Seals what was written and notes it as sent.</summary>
    private int Seal(Span<byte> whole, ref SentDatagram datagram)
    {
        KeepForShards(whole[IDatagramSeal.HeaderBytes..^IDatagramSeal.TagBytes], ref datagram);
        var number = _seal.Seal(whole, datagram.SentMicroseconds);
        datagram.Bytes = whole.Length;
        if (datagram.IsInFlight)
        {
            _rate.Stamp(ref datagram, _sent.BytesInFlight);
            _liveness.HandleSent(datagram.SentMicroseconds);
            _pacer.HandleSent(whole.Length);
            NoteAsked(datagram.SentMicroseconds);
            _bareSinceAsked = 0;
        }
        else
        {
            _bareSinceAsked++;
            _nativeStatistics.BareAcknowledgementsSent++;
        }

        _sent.Add(number, ref datagram);
        _nativeStatistics.DatagramsSent++;
        _nativeStatistics.DatagramBytesSent += whole.Length;
        return whole.Length;
    }

    /// <summary>Whether the seal allows anything, and the book of what was sent has a place. A peer that never answers fills it.</summary>
    private bool CanSendAtAll => _seal.CanSeal(NativeTunnelSettings.LeastDatagramBytes) && !_sent.IsFull;

    private bool MaySend(int bytes, long nowMicroseconds)
    {
        _isWaitingForPacer = false;
        if (!HasContent || _sent.BytesInFlight + bytes > _controller.WindowBytes)
        {
            if (!HasContent)
            {
                _rate.HandleNothingToSend(_sent.BytesInFlight);
            }

            return false;
        }

        _isWaitingForPacer = !_pacer.CanSend(bytes, _controller.PacingBytesPerSecond, nowMicroseconds);
        return !_isWaitingForPacer;
    }

    /// <summary>Whether there is anything to send but acknowledgements.</summary>
    private bool HasContent => _activeLanes != 0 || _largeSegmentBytes > 0 || _packets.HasWaiting;

    /// <summary>
    /// With so many acknowledgements out since, the peer would keep repeating what it knows that we know: it forgets only what we confirm.
    /// </summary>
    private bool IsAnswerWanted => _bareSinceAsked >= BareUntilAsked
        && _nowMicroseconds - _sent.LastSentMicroseconds > _roundTrip.SmoothedMicroseconds;

    private int WriteAcknowledgement(Span<byte> room, bool canRide, ref SentDatagram datagram, long nowMicroseconds)
    {
        if (_received.IsEmpty || !(canRide ? _acknowledgements.IsOwed : _acknowledgements.IsDue(nowMicroseconds)))
        {
            return 0;
        }

        // With too few ranges the peer would take for lost what arrived; rather a datagram of its own.
        var most = AcknowledgementPart.RangesIn(room.Length);
        var needed = Math.Min(_received.Count, RangesWorthRiding);
        if (most < needed)
        {
            return 0;
        }

        // Ahead of it, so that what was recovered is known before it is found lost.
        var length = _recovered.IsEmpty ? 0 : _recovered.Write(room[..^AcknowledgementPart.LengthOf(needed)]);
        room = room[length..];
        most = AcknowledgementPart.RangesIn(room.Length);
        _acknowledgements.HandleSent();
        datagram.ToldBelow = _received.Largest + 1;
        return length + AcknowledgementPart.Write(room, _received.Newest(most), nowMicroseconds - _received.LargestAtMicroseconds);
    }

    private int WriteSegmentsPart(Span<byte> body, long nowMicroseconds)
    {
        if (body.Length <= KcpPart.HeaderBytes + KcpSegment.HeaderBytes)
        {
            return 0;
        }

        var segmentsBytes = WriteSegments(body[KcpPart.HeaderBytes..], nowMicroseconds);
        if (segmentsBytes == 0)
        {
            return 0;
        }

        KcpPart.WriteHeader(body, segmentsBytes);
        return KcpPart.HeaderBytes + segmentsBytes;
    }

    /// <summary>
    /// Control first, then the lanes in turn, each up to its share, as far as there is room. A lane whose next segment does not fit keeps its
    /// turn, and others fill what is left.
    /// </summary>
    private int WriteSegments(Span<byte> room, long nowMicroseconds)
    {
        var now = ToMilliseconds(nowMicroseconds);
        var length = 0;
        var untried = _activeLanes;
        if ((untried & 1) != 0)
        {
            _lanes[0].TurnBytes = int.MaxValue;
            length = WriteLane(_lanes[0], room, now);
            untried &= ~1UL;
        }

        while (untried != 0 && room.Length - length > KcpSegment.HeaderBytes)
        {
            var lane = _lanes[NextTurn(untried)];
            if (lane.TurnBytes <= 0)
            {
                lane.TurnBytes += room.Length;
            }

            if (lane.TurnBytes > 0)
            {
                length += WriteLane(lane, room[length..], now);
            }

            var isIdle = (_activeLanes & (1UL << lane.Index)) == 0;
            if (isIdle || lane.TurnBytes <= 0)
            {
                _turnLane = lane.Index + 1;
            }

            if (isIdle || lane.TurnBytes > 0)
            {
                untried &= ~(1UL << lane.Index);
            }
        }

        return length;
    }

    private int WriteLane(Lane lane, Span<byte> room, uint nowMilliseconds)
    {
        var sent = lane.Kcp.Statistics.SegmentsSent;
        var length = lane.Write(room, nowMilliseconds, this, _sent);
        _nativeStatistics.SegmentsSent += lane.Kcp.Statistics.SegmentsSent - sent;
        lane.TurnBytes -= length;
        if (!lane.HasOutput(nowMilliseconds))
        {
            var bit = 1UL << lane.Index;
            _activeLanes &= ~bit;
            _blockedLanes |= lane.IsBlocked ? bit : 0;
            lane.TurnBytes = Math.Min(lane.TurnBytes, 0);
        }

        return length;
    }

    /// <summary>The first of these lanes from the one whose turn it is on, around.</summary>
    private int NextTurn(ulong lanes)
    {
        var ahead = _turnLane < _lanes.Length ? lanes >> _turnLane << _turnLane : 0;
        return BitOperations.TrailingZeroCount(ahead != 0 ? ahead : lanes);
    }

    private void Activate(Lane lane) => _activeLanes |= 1UL << lane.Index;

    private const int BareUntilAsked = 8;
    private const int RangesWorthRiding = 16;
}
