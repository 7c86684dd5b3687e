using Proxy.Protocol;
using Proxy.Protocol.Parts;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What became of what we sent: acknowledged, lost, or silent.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly SentBook _sent = new();
    private readonly DeliveryRate _rate = new();
    private long _acknowledgedBytes;              // of the report that is being made
    private long _lostBytes;
    private int _probesOwed;
    private int _probesSinceAnswer;               // since something new was acknowledged: the wait between them grows with it
    private int _probesSinceHeard;
    private long _askedMicroseconds;              // when that was counted last
    private int _probedLane;

    /// <summary>When silence makes a probe due.</summary>
    private long ProbeDueMicroseconds
    {
        get
        {
            if (_sent.DatagramsInFlight == 0)
            {
                return long.MaxValue;
            }

            var timeout = _roundTrip.ProbeTimeoutMicroseconds;
            var wait = Math.Max(timeout, Math.Min(timeout << Math.Min(_probesSinceAnswer, MostDoublings), MostProbeWaitMicroseconds));
            return _sent.LastSentMicroseconds + wait;
        }
    }

    private void HandleAcknowledgement(ReadOnlySpan<byte> payload, long nowMicroseconds)
    {
        Span<NumberRange> ranges = stackalloc NumberRange[ProtocolLimits.AcknowledgedRanges];
        ranges = ranges[AcknowledgementPart.Ranges(payload).CopyUpward(ranges)..];
        var samples = _roundTrip.Samples;
        if (!_sent.HandleAcknowledgement(ranges, _roundTrip, AcknowledgementPart.DelayMicroseconds(payload), nowMicroseconds, this))
        {
            FailMalformed("an acknowledgement of what was never sent");
            return;
        }

        Report(nowMicroseconds, _roundTrip.Samples != samples ? _roundTrip.LatestMicroseconds : 0);
    }

    private void HandleLossTimer(long nowMicroseconds)
    {
        if (nowMicroseconds >= _sent.LossDueMicroseconds)
        {
            _sent.FindLost(_roundTrip, nowMicroseconds, this);
            Report(nowMicroseconds, roundTripMicroseconds: 0);
        }

        if (nowMicroseconds >= ProbeDueMicroseconds)
        {
            Probe();
        }
    }

    private void Report(long nowMicroseconds, long roundTripMicroseconds)
    {
        if (_acknowledgedBytes > 0 || _lostBytes > 0)
        {
            var sample = _rate.TakeSample(_roundTrip.LeastMicroseconds);
            _controller.Handle(new PathReport(
                nowMicroseconds, sample, roundTripMicroseconds, _acknowledgedBytes, _lostBytes, _rate.DeliveredBytes, _sent.BytesInFlight));
        }

        _acknowledgedBytes = _lostBytes = 0;
        _activeLanes |= _blockedLanes;
        _blockedLanes = 0;
    }

    /// <summary>
    /// No answer came in time. Something goes out that has to be answered: the first segment that a lane waits for, again, one lane after the
    /// other, as it is the most useful if it was lost. The rest stays what it is until there is evidence.
    /// </summary>
    private void Probe()
    {
        // Where large datagrams have stopped arriving, a small one finds out.
        _probesOwed = _size.Bytes > NativeTunnelSettings.LeastDatagramBytes ? 2 : 1;
        _probesSinceAnswer++;
        _nativeStatistics.ProbesSent++;
        for (var step = 0; step < _lanes.Length; step++)
        {
            _probedLane = (_probedLane + 1) % _lanes.Length;
            var lane = _lanes[_probedLane].Kcp;
            if (lane.InFlightSegments > 0 && _sent.TryFindInFlight(new CarriedSegment((byte)_probedLane, lane.SendUnacknowledged), out var number))
            {
                ref var datagram = ref _sent[number];
                datagram.IsProbed = true;
                var before = _nativeStatistics.SegmentsResent;
                SendAgain(ref datagram);
                _nativeStatistics.SegmentsResentByProbe += _nativeStatistics.SegmentsResent - before;
                return;
            }
        }
    }

    /// <summary>
    /// Something left that has to be answered. Where there is always something, as with packets that nobody waits for, no probe is ever due:
    /// then one of them in each probe's time is as good as a probe.
    /// </summary>
    private void NoteAsked(long nowMicroseconds)
    {
        if (nowMicroseconds - _askedMicroseconds >= _roundTrip.ProbeTimeoutMicroseconds)
        {
            _askedMicroseconds = nowMicroseconds;
            _probesSinceHeard++;
        }
    }

    private void SendAgain(ref SentDatagram datagram)
    {
        for (var index = 0; index < datagram.CarriedCount; index++)
        {
            var carried = _sent.Carried(ref datagram, index);
            var lane = _lanes[carried.Lane];
            if (lane.Kcp.Lost(carried.SequenceNumber))
            {
                _nativeStatistics.SegmentsResent++;
                Activate(lane);
            }
        }
    }

    void ISentObserver.OnAcknowledged(ulong number, ref SentDatagram datagram, bool wasLost)
    {
        _seal.Acknowledged(number, _roundTrip.ProbeTimeoutMicroseconds, _nowMicroseconds);
        if (datagram.ToldBelow > 0)
        {
            _received.ForgetUpTo(datagram.ToldBelow - 1);
        }

        if (!datagram.IsInFlight)
        {
            return;
        }

        _isSilent |= datagram.IsLastWords;
        if (wasLost)
        {
            _nativeStatistics.DatagramsSpurious++;
            if (!datagram.IsLossOfQueue)
            {
                _fecPolicy?.HandleSpurious(datagram.Bytes, datagram.IsShard);
            }
        }

        _fecPolicy?.HandleArrived(IsQueueing);

        _probesSinceAnswer = 0;
        _acknowledgedBytes += datagram.Bytes;
        _rate.HandleDelivered(ref datagram, _nowMicroseconds);
        for (var index = 0; !datagram.IsRecovered && index < datagram.CarriedCount; index++)
        {
            HandleArrived(_sent.Carried(ref datagram, index));
        }

        HandleArrivedSize(ref datagram);
    }

    void ISentObserver.OnLost(ulong number, ref SentDatagram datagram)
    {
        if (datagram.IsSizeProbe)
        {
            HandleLostSize(ref datagram);
            return;
        }

        _nativeStatistics.DatagramsLost++;
        _nativeStatistics.DatagramBytesLost += datagram.Bytes;
        _lostBytes += datagram.Bytes;
        HandleLostSize(ref datagram);
        datagram.IsLossOfQueue = IsQueueing;
        _fecPolicy?.HandleLost(datagram.Bytes, datagram.IsShard, datagram.IsLossOfQueue);
        if (!datagram.IsProbed && !datagram.IsRecovered)
        {
            SendAgain(ref datagram);
        }
    }

    private const int MostDoublings = 10;

    // So soon after a silence ends is that noticed, and as soon that a peer which was restarted does not know us: two small datagrams in each.
    private const long MostProbeWaitMicroseconds = 500_000;
}
