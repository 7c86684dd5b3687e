namespace Proxy.Tunnel;

/// <summary>Counters of one tunnel since its start; part of the engine's state, read by its owner.</summary>
public record struct TunnelStatistics
{
    /// <summary>Streams opened, by either end.</summary>
    public long StreamsOpened;

    /// <summary>Streams of the peer that were refused: too many, too fast, or draining.</summary>
    public long StreamsRefused;

    /// <summary>Streams reset here because their reader was too slow for a peer that does not pause.</summary>
    public long StreamsOverrun;

    /// <summary>Payload bytes of streams handed to the lane.</summary>
    public long BytesSent;

    /// <summary>Payload bytes of streams received.</summary>
    public long BytesReceived;

    /// <summary>Datagrams, and their bytes, of the dialect of vproxy; the others count for themselves.</summary>
    public long DatagramsSent;
    public long DatagramsReceived;
    public long DatagramBytesSent;
    public long DatagramBytesReceived;

    /// <summary>Datagrams that were not KCP, or not for this conversation; they had no effect.</summary>
    public long DatagramsMalformed;

    /// <summary>Times a sender was asked to pause or to go on.</summary>
    public long PauseToggles;
}
