namespace Proxy.Kcp;

/// <summary>External acknowledgement: the caller knows what arrived, by the numbers of its own datagrams.</summary>
public sealed partial class KcpEngine
{
    /// <summary>The length of the segment <see cref="TryGetSegment"/> would write; 0 when nothing is due.</summary>
    public int NextSegmentBytes(uint nowMilliseconds)
    {
        ThrowUnlessAcknowledgement(KcpAcknowledgement.External);
        UpdateProbe(nowMilliseconds);
        if (TryFindProbe(out _))
        {
            return KcpSegment.HeaderBytes;
        }

        return TryFindSegment(out var number) ? KcpSegment.HeaderBytes + _sendRing[number].PayloadBytes : 0;
    }

    /// <summary>
    /// Writes the next segment that is due: window probes, what was reported lost, then new data within the windows. False when nothing is
    /// due, or when it does not fit: <see cref="NextSegmentBytes"/> tells which.
    /// </summary>
    public bool TryGetSegment(uint nowMilliseconds, Span<byte> destination, out KcpOutput output)
    {
        var length = NextSegmentBytes(nowMilliseconds);
        if (length == 0 || length > destination.Length)
        {
            output = default;
            return false;
        }

        if (TryFindProbe(out var probe))
        {
            output = new KcpOutput(WriteProbe(probe, nowMilliseconds, destination), probe, 0);
            return true;
        }

        _ = TryFindSegment(out var number);
        output = new KcpOutput(WriteSegment(number, nowMilliseconds, destination), KcpCommand.Push, number);
        return true;
    }

    /// <summary>The peer has the segment. False when it was acknowledged before, or never sent.</summary>
    public bool Acknowledged(uint sequenceNumber)
    {
        ThrowUnlessAcknowledgement(KcpAcknowledgement.External);
        if (!IsUnacknowledged(sequenceNumber))
        {
            return false;
        }

        Acknowledge(sequenceNumber, ref _sendRing[sequenceNumber]);
        return true;
    }

    /// <summary>
    /// The segment's last transmission is taken to be lost: it is sent again, ahead of new data. False when it is acknowledged, was never
    /// sent, or waits to be sent again already.
    /// </summary>
    public bool Lost(uint sequenceNumber)
    {
        ThrowUnlessAcknowledgement(KcpAcknowledgement.External);
        return IsUnacknowledged(sequenceNumber) && MarkDue(sequenceNumber, ref _sendRing[sequenceNumber], ResendCause.Reported);
    }

    private void ThrowUnlessAcknowledgement(KcpAcknowledgement expected)
    {
        if (_settings.Acknowledgement != expected)
        {
            throw new InvalidOperationException($"The engine was made with acknowledgement {_settings.Acknowledgement}.");
        }
    }
}
