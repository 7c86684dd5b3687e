namespace Proxy.Tunnel.Native;

/// <summary>
/// How fast the path delivers, measured datagram by datagram (draft-cheng-iccrg-delivery-rate-estimation): what was delivered between the
/// sending of a datagram and its acknowledgement, over the longer of the time it took to send and the time it took to be acknowledged.
/// </summary>
internal sealed class DeliveryRate
{
    private long _deliveredMicroseconds;
    private long _firstSentMicroseconds;
    private long _applicationLimitedUntil;   // delivered bytes up to which samples say little, as there was nothing to send
    private RateSample _sample;

    public long DeliveredBytes { get; private set; }

    public bool IsApplicationLimited => _applicationLimitedUntil > DeliveredBytes;

    /// <summary>Stamps a datagram that is about to be sent.</summary>
    public void Stamp(ref SentDatagram datagram, long bytesInFlight)
    {
        if (bytesInFlight == 0)
        {
            _firstSentMicroseconds = _deliveredMicroseconds = datagram.SentMicroseconds;
        }

        datagram.DeliveredBytes = DeliveredBytes;
        datagram.DeliveredMicroseconds = _deliveredMicroseconds;
        datagram.FirstSentMicroseconds = _firstSentMicroseconds;
        datagram.IsApplicationLimited = IsApplicationLimited;
    }

    /// <summary>The sender could send more than it has.</summary>
    public void HandleNothingToSend(long bytesInFlight) => _applicationLimitedUntil = DeliveredBytes + Math.Max(1, bytesInFlight);

    /// <summary>One datagram of those an acknowledgement tells of.</summary>
    public void HandleDelivered(ref SentDatagram datagram, long nowMicroseconds)
    {
        DeliveredBytes += datagram.Bytes;
        _deliveredMicroseconds = nowMicroseconds;
        if (!_sample.HasAny || datagram.DeliveredBytes >= _sample.PriorDeliveredBytes)
        {
            _firstSentMicroseconds = datagram.SentMicroseconds;
            _sample.HasAny = true;
            _sample.PriorDeliveredBytes = datagram.DeliveredBytes;
            _sample.IsApplicationLimited = datagram.IsApplicationLimited;
            _sample.IntervalMicroseconds = Math.Max(
                datagram.SentMicroseconds - datagram.FirstSentMicroseconds, nowMicroseconds - datagram.DeliveredMicroseconds);
        }
    }

    /// <summary>What the datagrams since the last call say together.</summary>
    public RateSample TakeSample(long leastRoundTripMicroseconds)
    {
        var sample = _sample;
        _sample = default;
        if (sample.HasAny)
        {
            // Shorter than a round trip it measures a burst, not the path.
            var interval = sample.IntervalMicroseconds;
            sample.BytesPerSecond = interval > 0 && interval >= leastRoundTripMicroseconds
                ? (DeliveredBytes - sample.PriorDeliveredBytes) * 1_000_000.0 / interval
                : 0;
        }

        return sample;
    }
}
