namespace Proxy.Tunnel.Native;

/// <summary>Counters of one native engine since its start, beside <see cref="TunnelStatistics"/>.</summary>
public record struct NativeStatistics
{
    public long DatagramsSent;
    public long DatagramsReceived;

    /// <summary>Bytes of datagrams, headers and tags included.</summary>
    public long DatagramBytesSent;
    public long DatagramBytesReceived;

    /// <summary>Not from the peer, or not for the first time: the seal said no.</summary>
    public long DatagramsRefused;

    /// <summary>Came twice.</summary>
    public long DatagramsRepeated;

    /// <summary>Taken to be lost.</summary>
    public long DatagramsLost;

    /// <summary>Bytes of those.</summary>
    public long DatagramBytesLost;

    /// <summary>Taken to be lost, and acknowledged later.</summary>
    public long DatagramsSpurious;

    /// <summary>Sent because no answer came, ahead of evidence.</summary>
    public long ProbesSent;

    /// <summary>Datagrams that carried nothing but an acknowledgement.</summary>
    public long BareAcknowledgementsSent;

    /// <summary>Segments of all lanes sent, repetitions included.</summary>
    public long SegmentsSent;

    /// <summary>Segments sent again, for whatever reason.</summary>
    public long SegmentsResent;

    /// <summary>Of those the ones that went with a probe, ahead of evidence.</summary>
    public long SegmentsResentByProbe;

    /// <summary>Received datagrams that were not acknowledged because a lane had no place for what they carried.</summary>
    public long DatagramsUnplaced;

    /// <summary>Groups of datagrams that shards were sent for.</summary>
    public long FecGroupsSent;

    /// <summary>Shards sent, and the bytes of their datagrams: what forward error correction costs.</summary>
    public long FecShardsSent;
    public long FecBytesSent;

    /// <summary>Shards of the peer.</summary>
    public long FecShardsReceived;

    /// <summary>Of those the ones that said something impossible.</summary>
    public long FecShardsRefused;

    /// <summary>Groups of the peer of which too much was missing.</summary>
    public long FecGroupsNotRecovered;

    /// <summary>Datagrams that did not arrive and were made out of others.</summary>
    public long DatagramsRecovered;

    /// <summary>Datagrams of ours that the peer made out of others; among those lost, and not sent again.</summary>
    public long DatagramsRecoveredByPeer;

    /// <summary>Windows that grew.</summary>
    public long WindowsGrown;

    /// <summary>Streams reset because more came than credit was given for.</summary>
    public long CreditExceeded;

    /// <summary>Times the peer was suspected to be gone.</summary>
    public long Suspicions;

    /// <summary>Times the tunnel moved to another address of its peer.</summary>
    public long PathChanges;

    /// <summary>Times that large datagrams stopped getting through.</summary>
    public long BlackHoles;
}
