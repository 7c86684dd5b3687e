namespace Proxy.Kcp;

public sealed partial class KcpEngine
{
    /// <summary>
    /// Takes one datagram: whole segments back to back. All of it is checked before any of it is handled, so a malformed datagram
    /// changes nothing, and the conversation goes on.
    /// </summary>
    public KcpInputStatus HandleDatagram(ReadOnlySpan<byte> segments, uint nowMilliseconds)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var status = CheckDatagram(segments);
        if (status != KcpInputStatus.Handled)
        {
            _statistics.MalformedDatagrams++;
            return status;
        }

        var acknowledgements = new DatagramAcknowledgements { UnacknowledgedBefore = _firstUnacknowledged };
        while (KcpSegment.TryRead(segments, out var segment))
        {
            var payload = segments.Slice(KcpSegment.HeaderBytes, (int)segment.PayloadBytes);
            if (!HandleSegment(segment, payload, nowMilliseconds, ref acknowledgements))
            {
                status = KcpInputStatus.BeyondWindow;
            }

            segments = segments[(KcpSegment.HeaderBytes + payload.Length)..];
        }

        if (acknowledgements.HasAny)
        {
            CountOvertaken(acknowledgements.Last, acknowledgements.LastEchoMilliseconds);
        }

        if (_firstUnacknowledged != acknowledgements.UnacknowledgedBefore)
        {
            GrowCongestionWindow();
        }

        return status;
    }

    private KcpInputStatus CheckDatagram(ReadOnlySpan<byte> segments)
    {
        do
        {
            if (!KcpSegment.TryRead(segments, out var segment))
            {
                return KcpInputStatus.TooShort;
            }

            var status = CheckSegment(segment, segments.Length - KcpSegment.HeaderBytes);
            if (status != KcpInputStatus.Handled)
            {
                return status;
            }

            segments = segments[(KcpSegment.HeaderBytes + (int)segment.PayloadBytes)..];
        }
        while (!segments.IsEmpty);

        return KcpInputStatus.Handled;
    }

    private KcpInputStatus CheckSegment(in KcpSegment segment, int remainingBytes)
    {
        if (segment.Conversation != _conversation)
        {
            return KcpInputStatus.WrongConversation;
        }

        var isPush = segment.Command == KcpCommand.Push;
        var isAcknowledgement = segment.Command == KcpCommand.Acknowledge;
        if (segment.Command is < KcpCommand.Push or > KcpCommand.TellWindow || (isAcknowledgement && !_acknowledgesItself))
        {
            return KcpInputStatus.BadCommand;
        }

        if (segment.PayloadBytes > (isPush ? Math.Min(remainingBytes, _settings.MaximumReceivedPayloadBytes) : 0))
        {
            return KcpInputStatus.BadLength;
        }

        if (isPush && !_settings.StreamMode && segment.Fragment >= _settings.ReceiveWindowSegments)
        {
            return KcpInputStatus.BadFragment;
        }

        var acknowledgesUnsent = Serial.IsAfter(segment.Unacknowledged, _sendNext)
            || (isAcknowledgement && !Serial.IsBefore(segment.SequenceNumber, _sendNext));
        return acknowledgesUnsent ? KcpInputStatus.AcknowledgesUnsent : KcpInputStatus.Handled;
    }

    /// <summary>False when the segment carried data that had no place.</summary>
    private bool HandleSegment(
        in KcpSegment segment, ReadOnlySpan<byte> payload, uint nowMilliseconds, ref DatagramAcknowledgements acknowledgements)
    {
        DetectLostState(segment, nowMilliseconds);
        LearnPeerWindow(segment);
        AcknowledgeBefore(segment.Unacknowledged);
        switch (segment.Command)
        {
            case KcpCommand.Acknowledge:
                HandleAcknowledgement(segment, nowMilliseconds, ref acknowledgements);
                return true;
            case KcpCommand.Push:
                return HandlePush(segment, payload);
            case KcpCommand.AskWindow:
                _owesWindow = true;
                return true;
            default:
                return true;
        }
    }

    private void HandleAcknowledgement(in KcpSegment segment, uint nowMilliseconds, ref DatagramAcknowledgements acknowledgements)
    {
        _statistics.AcknowledgementsReceived++;
        acknowledgements.Add(segment.SequenceNumber, segment.TimestampMilliseconds);

        // A stale copy says how long it was under way itself. What this very datagram's una covered counts as fresh.
        if (!Serial.IsBefore(segment.SequenceNumber, acknowledgements.UnacknowledgedBefore))
        {
            MeasureRoundTrip(Serial.Distance(segment.TimestampMilliseconds, nowMilliseconds));
        }

        if (IsUnacknowledged(segment.SequenceNumber))
        {
            Acknowledge(segment.SequenceNumber, ref _sendRing[segment.SequenceNumber]);
        }
    }

    /// <summary>What the ACK segments of one datagram say together: the highest number, and the echo that came with it.</summary>
    private struct DatagramAcknowledgements
    {
        public uint UnacknowledgedBefore;
        public bool HasAny;
        public uint Last;
        public uint LastEchoMilliseconds;

        public void Add(uint number, uint echoMilliseconds)
        {
            if (!HasAny || Serial.IsAfter(number, Last))
            {
                HasAny = true;
                Last = number;
                LastEchoMilliseconds = echoMilliseconds;
            }
        }
    }
}
