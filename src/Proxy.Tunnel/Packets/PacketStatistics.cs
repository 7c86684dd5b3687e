namespace Proxy.Tunnel.Packets;

/// <summary>What became of packets, whole ones, at one end of a tunnel since its start.</summary>
public record struct PacketStatistics
{
    /// <summary>Gone out, all fragments of them.</summary>
    public long Sent;

    /// <summary>Arrived whole, and given to the owner.</summary>
    public long Received;

    /// <summary>Not sent: too much waited, or it had waited too long; or received and not taken in time.</summary>
    public long Dropped;

    /// <summary>Not sent: larger than eight fragments.</summary>
    public long TooLarge;

    /// <summary>Fragments arrived, but not all of them in time.</summary>
    public long Incomplete;
}
