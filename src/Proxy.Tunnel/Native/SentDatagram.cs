using System.Runtime.InteropServices;

namespace Proxy.Tunnel.Native;

/// <summary>What became of a datagram.</summary>
internal enum SentState : byte
{
    /// <summary>Nothing is known of it any more.</summary>
    Gone,

    /// <summary>Under way, as far as we know.</summary>
    Outstanding,

    /// <summary>Taken to be lost; remembered in case it was only late.</summary>
    Lost,
}

/// <summary>One datagram that was sent, until it is acknowledged or forgotten. Times are microseconds.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct SentDatagram
{
    public SentState State;

    /// <summary>Whether it counts as in flight: everything but a bare acknowledgement.</summary>
    public bool IsInFlight;

    /// <summary>Whether it tries out a size; its loss says nothing of congestion.</summary>
    public bool IsSizeProbe;

    /// <summary>Whether it told the peer that the tunnel is over.</summary>
    public bool IsLastWords;

    /// <summary>Whether what it carried was sent again ahead of evidence, so that its loss needs no answer.</summary>
    public bool IsProbed;

    /// <summary>Whether the peer made what it carried out of others: nothing of it is to be sent again.</summary>
    public bool IsRecovered;

    /// <summary>Whether it carries nothing but a shard.</summary>
    public bool IsShard;

    /// <summary>Whether it was found lost while a queue stood, which may have dropped it.</summary>
    public bool IsLossOfQueue;

    /// <summary>Whether the sender had nothing more to send then.</summary>
    public bool IsApplicationLimited;

    public ushort CarriedCount;
    public int Bytes;
    public uint CarriedStart;
    public long SentMicroseconds;

    /// <summary>The controller's view of delivery when it was sent: see <see cref="DeliveryRate"/>.</summary>
    public long DeliveredBytes;
    public long DeliveredMicroseconds;
    public long FirstSentMicroseconds;

    /// <summary>One above the largest number that its acknowledgement told; 0 without one.</summary>
    public ulong ToldBelow;

    /// <summary>Neighbours among those that are not gone.</summary>
    public ulong Previous;
    public ulong Next;
}

/// <summary>How much of a segment a datagram carries.</summary>
[Flags]
internal enum CarriedHalves : byte
{
    Both = 0,
    First = 1,
    Second = 2,
}

/// <summary>A segment inside a datagram.</summary>
internal readonly record struct CarriedSegment(byte Lane, uint SequenceNumber, CarriedHalves Halves = CarriedHalves.Both);
