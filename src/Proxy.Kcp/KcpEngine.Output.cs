namespace Proxy.Kcp;

/// <summary>
/// What is due now. A flush is a run of <see cref="TryGetDatagram"/> up to the one that returns false; what is to be resent stands in a
/// queue, filled when it falls due, so that a call with nothing due costs a few comparisons.
/// </summary>
public sealed partial class KcpEngine
{
    private RingQueue<uint> _due = new();
    private bool _hasOvertaken;
    private bool _sentNewInFlush;

    /// <summary>
    /// Writes the next datagram that is due: acknowledgements, window probes, what is to be sent again, then new data within the windows,
    /// up to the mtu. False when nothing is due. The destination holds the largest mtu ever set. Own acknowledgement only.
    /// </summary>
    public bool TryGetDatagram(uint nowMilliseconds, Span<byte> destination, out int length)
    {
        ThrowUnlessAcknowledgement(KcpAcknowledgement.Own);
        if (destination.Length < _mtuBytes)
        {
            throw new ArgumentException($"The destination has {destination.Length} bytes, the mtu is {_mtuBytes}.", nameof(destination));
        }

        MarkTimedOut(nowMilliseconds);
        UpdateProbe(nowMilliseconds);
        length = WriteAcknowledgements(destination[.._mtuBytes]);
        while (TryFindProbe(out var probe) && _mtuBytes - length >= KcpSegment.HeaderBytes)
        {
            length += WriteProbe(probe, nowMilliseconds, destination[length..]);
        }

        length += WriteSegments(nowMilliseconds, destination, length);
        if (length == 0)
        {
            // The congestion window, set anew, may have room after all.
            ReduceCongestionWindow();
            length = WriteSegments(nowMilliseconds, destination, length);
        }

        _sentNewInFlush &= length > 0;
        return length > 0;
    }

    /// <summary>Whether output is due without the passing of time.</summary>
    private bool IsOutputDue =>
        _owedAcknowledgements.Count > 0 || _owesWindow || _asksWindow || TryFindSegment(out _);

    /// <summary>Fills what is left of the datagram behind <paramref name="start"/>; returns how many bytes were added.</summary>
    private int WriteSegments(uint nowMilliseconds, Span<byte> destination, int start)
    {
        var length = start;
        while (TryFindSegment(out var number) || (TryMarkOvertaken() && TryFindSegment(out number)))
        {
            var segmentBytes = KcpSegment.HeaderBytes + _sendRing[number].PayloadBytes;

            // One that is larger than a lowered mtu still has to go, alone.
            if (segmentBytes > (length == 0 ? destination.Length : _mtuBytes - length))
            {
                break;
            }

            length += WriteSegment(number, nowMilliseconds, destination[length..]);
        }

        return length - start;
    }

    /// <summary>The number to be sent next: what is to be sent again goes before new data.</summary>
    private bool TryFindSegment(out uint number)
    {
        if (TryFindDue(out number))
        {
            return true;
        }

        number = _sendNext;
        return _sendNext != _sendEnd && (int)(_sendNext - _firstUnacknowledged) < UsableWindowSegments;
    }

    /// <summary>The first unacknowledged before all others: everything behind it waits for it at the peer.</summary>
    private bool TryFindDue(out uint number)
    {
        number = _firstUnacknowledged;
        if (number != _sendNext && _sendRing[number].Due != ResendCause.None)
        {
            return true;
        }

        while (_due.Count > 0)
        {
            number = _due.Peek();
            if (IsUnacknowledged(number) && _sendRing[number].Due != ResendCause.None)
            {
                return true;
            }

            // Acknowledged while it stood here, or sent ahead of its turn.
            _due.Dequeue();
        }

        number = 0;
        return false;
    }

    private bool MarkDue(uint number, ref SendSlot slot, ResendCause cause)
    {
        if (slot.Due != ResendCause.None)
        {
            return false;
        }

        slot.Due = cause;
        _due.Enqueue(number);
        return true;
    }

    /// <summary>Early retransmission: in a flush that has nothing new to send, what was overtaken at all counts as lost.</summary>
    private bool TryMarkOvertaken()
    {
        if (!_settings.EarlyRetransmit || !_hasOvertaken || _sentNewInFlush)
        {
            return false;
        }

        _hasOvertaken = false;
        for (var number = _firstUnacknowledged; number != _sendNext; number = _sendRing[number].Next)
        {
            ref var slot = ref _sendRing[number];
            if (slot.Overtaken > 0)
            {
                MarkDue(number, ref slot, ResendCause.Early);
            }
        }

        return true;
    }

    private int WriteAcknowledgements(Span<byte> destination)
    {
        var length = 0;
        while (_owedAcknowledgements.Count > 0 && destination.Length - length >= KcpSegment.HeaderBytes)
        {
            var owed = _owedAcknowledgements.Dequeue();

            // una says the same of these; only the last is needed for its echo.
            if (Serial.IsBefore(owed.Number, _receiveNext) && _owedAcknowledgements.Count > 0)
            {
                continue;
            }

            length += WriteHeader(KcpCommand.Acknowledge, 0, owed.TimestampMilliseconds, owed.Number, 0, destination[length..]);
            _statistics.AcknowledgementsSent++;
        }

        return length;
    }

    private int WriteSegment(uint number, uint nowMilliseconds, Span<byte> destination)
    {
        ref var slot = ref _sendRing[number];
        if (slot.Transmissions == 0)
        {
            LinkSent(number, ref slot);
            _sentNewInFlush = true;
        }
        else
        {
            if (_due.Peek() == number)
            {
                _due.Dequeue();
            }

            CountResend(slot.Due);
        }

        Schedule(ref slot, nowMilliseconds);
        slot.SentAtMilliseconds = nowMilliseconds;
        slot.Overtaken = 0;
        slot.Due = ResendCause.None;
        CountTransmission(ref slot);

        var length = WriteHeader(KcpCommand.Push, slot.Fragment, nowMilliseconds, number, slot.PayloadBytes, destination);
        slot.Buffer.AsSpan(0, slot.PayloadBytes).CopyTo(destination[length..]);
        return length + slot.PayloadBytes;
    }

    private int WriteHeader(
        KcpCommand command, byte fragment, uint timestampMilliseconds, uint number, int payloadBytes, Span<byte> destination)
    {
        _toldWindowEdge = WindowEdge;
        new KcpSegment(
            _conversation, command, fragment, (ushort)WindowSegments, timestampMilliseconds, number, _receiveNext, (uint)payloadBytes)
            .Write(destination);
        return KcpSegment.HeaderBytes;
    }

    private void CountTransmission(ref SendSlot slot)
    {
        _statistics.SegmentsSent++;
        _statistics.BytesSent += slot.PayloadBytes;
        if (slot.Transmissions < ushort.MaxValue)
        {
            slot.Transmissions++;
        }

        IsDead |= _acknowledgesItself && _settings.DeadLinkTransmissions > 0 && slot.Transmissions >= _settings.DeadLinkTransmissions;
    }

    private void CountResend(ResendCause cause)
    {
        switch (cause)
        {
            case ResendCause.Fast:
                _statistics.FastResends++;
                _fastResentInFlush = true;
                break;
            case ResendCause.Early:
                _statistics.EarlyResends++;
                _fastResentInFlush = true;
                break;
            case ResendCause.Timeout:
                _statistics.TimeoutResends++;
                _timedOutInFlush = true;
                break;
            case ResendCause.Reported:
                _statistics.ReportedResends++;
                break;
            default:
                throw new InvalidOperationException("A segment that was not due was sent again.");
        }
    }

    /// <summary>A segment is resent fast so often at most; after that only the timeout does (the reference's IKCP_FASTACK_LIMIT).</summary>
    private const int FastResendLimit = 5;
}
