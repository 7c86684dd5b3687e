namespace Proxy.Tunnel;

/// <summary>
/// What one end of a tunnel has counted since its start, whatever its dialect, and the sum over several tunnels: nothing in it ever goes back.
/// What a dialect does not know is 0.
/// </summary>
public sealed record TunnelCounters
{
    public static readonly TunnelCounters None = new();

    /// <summary>Streams, opened by either end.</summary>
    public long Streams { get; init; }

    /// <summary>Streams of the peer that were refused: too many, too fast, or draining.</summary>
    public long StreamsRefused { get; init; }

    /// <summary>Bytes that streams gave to be sent.</summary>
    public long PayloadBytesSent { get; init; }

    /// <summary>Bytes that streams received.</summary>
    public long PayloadBytesReceived { get; init; }

    public long DatagramsSent { get; init; }

    public long DatagramsReceived { get; init; }

    /// <summary>Bytes of datagrams, headers and tags included.</summary>
    public long DatagramBytesSent { get; init; }

    public long DatagramBytesReceived { get; init; }

    /// <summary>Received and not from the peer, or not for the first time: the seal said no.</summary>
    public long DatagramsRefused { get; init; }

    /// <summary>From the peer, and not as the protocol has them.</summary>
    public long DatagramsMalformed { get; init; }

    /// <summary>Sent and taken to be lost.</summary>
    public long DatagramsLost { get; init; }

    /// <summary>Of those the ones that were acknowledged later.</summary>
    public long DatagramsSpurious { get; init; }

    /// <summary>KCP segments sent, repetitions included.</summary>
    public long SegmentsSent { get; init; }

    /// <summary>KCP segments received, repetitions included.</summary>
    public long SegmentsReceived { get; init; }

    /// <summary>Received segments that were there already.</summary>
    public long SegmentsRepeated { get; init; }

    /// <summary>Segments sent again because later ones arrived, or a round trip went by: on evidence.</summary>
    public long ResentFast { get; init; }

    /// <summary>Segments sent again because nothing new was left to send; vproxy's dialect only.</summary>
    public long ResentEarly { get; init; }

    /// <summary>Segments sent again because their time was up; vproxy's dialect only.</summary>
    public long ResentTimeout { get; init; }

    /// <summary>Segments sent again to find out whether anything arrives; the native dialect only.</summary>
    public long ResentProbe { get; init; }

    /// <summary>Sent because no answer came, ahead of evidence.</summary>
    public long ProbesSent { get; init; }

    /// <summary>Groups of datagrams that parity was sent for.</summary>
    public long FecGroupsSent { get; init; }

    public long FecParitySent { get; init; }

    public long FecParityBytesSent { get; init; }

    public long FecParityReceived { get; init; }

    /// <summary>Received parity that said something impossible.</summary>
    public long FecParityRefused { get; init; }

    /// <summary>Datagrams that did not arrive and were made out of others.</summary>
    public long FecRecovered { get; init; }

    /// <summary>Groups of the peer of which too much was missing.</summary>
    public long FecGroupsNotRecovered { get; init; }

    /// <summary>Packets of flows that have gone out whole.</summary>
    public long PacketsSent { get; init; }

    /// <summary>Packets of flows that have arrived whole.</summary>
    public long PacketsReceived { get; init; }

    /// <summary>Packets that waited too long or found no place, here.</summary>
    public long PacketsDropped { get; init; }

    /// <summary>Packets that were too large to be sent.</summary>
    public long PacketsTooLarge { get; init; }

    /// <summary>Packets of which fragments arrived, but not all.</summary>
    public long PacketsIncomplete { get; init; }

    /// <summary>Times the peer was suspected to be gone.</summary>
    public long Suspicions { get; init; }

    /// <summary>Times the tunnel moved to another address of its peer.</summary>
    public long AddressChanges { get; init; }

    /// <summary>Times that large datagrams stopped getting through.</summary>
    public long BlackHoles { get; init; }

    public TunnelCounters Plus(TunnelCounters other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new TunnelCounters
        {
            Streams = Streams + other.Streams,
            StreamsRefused = StreamsRefused + other.StreamsRefused,
            PayloadBytesSent = PayloadBytesSent + other.PayloadBytesSent,
            PayloadBytesReceived = PayloadBytesReceived + other.PayloadBytesReceived,
            DatagramsSent = DatagramsSent + other.DatagramsSent,
            DatagramsReceived = DatagramsReceived + other.DatagramsReceived,
            DatagramBytesSent = DatagramBytesSent + other.DatagramBytesSent,
            DatagramBytesReceived = DatagramBytesReceived + other.DatagramBytesReceived,
            DatagramsRefused = DatagramsRefused + other.DatagramsRefused,
            DatagramsMalformed = DatagramsMalformed + other.DatagramsMalformed,
            DatagramsLost = DatagramsLost + other.DatagramsLost,
            DatagramsSpurious = DatagramsSpurious + other.DatagramsSpurious,
            SegmentsSent = SegmentsSent + other.SegmentsSent,
            SegmentsReceived = SegmentsReceived + other.SegmentsReceived,
            SegmentsRepeated = SegmentsRepeated + other.SegmentsRepeated,
            ResentFast = ResentFast + other.ResentFast,
            ResentEarly = ResentEarly + other.ResentEarly,
            ResentTimeout = ResentTimeout + other.ResentTimeout,
            ResentProbe = ResentProbe + other.ResentProbe,
            ProbesSent = ProbesSent + other.ProbesSent,
            FecGroupsSent = FecGroupsSent + other.FecGroupsSent,
            FecParitySent = FecParitySent + other.FecParitySent,
            FecParityBytesSent = FecParityBytesSent + other.FecParityBytesSent,
            FecParityReceived = FecParityReceived + other.FecParityReceived,
            FecParityRefused = FecParityRefused + other.FecParityRefused,
            FecRecovered = FecRecovered + other.FecRecovered,
            FecGroupsNotRecovered = FecGroupsNotRecovered + other.FecGroupsNotRecovered,
            PacketsSent = PacketsSent + other.PacketsSent,
            PacketsReceived = PacketsReceived + other.PacketsReceived,
            PacketsDropped = PacketsDropped + other.PacketsDropped,
            PacketsTooLarge = PacketsTooLarge + other.PacketsTooLarge,
            PacketsIncomplete = PacketsIncomplete + other.PacketsIncomplete,
            Suspicions = Suspicions + other.Suspicions,
            AddressChanges = AddressChanges + other.AddressChanges,
            BlackHoles = BlackHoles + other.BlackHoles,
        };
    }
}
