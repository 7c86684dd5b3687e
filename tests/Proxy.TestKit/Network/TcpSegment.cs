using System.Net;

namespace Proxy.TestKit;

/// <summary>What one TCP socket sends another. It is one object from the first attempt to the last, and knows what became of it.</summary>
internal sealed class TcpSegment(
    SimulatedTcpSocket? sender, PacketKind kind, IPEndPoint from, IPEndPoint to, long sequence, ReadOnlyMemory<byte> bytes = default)
{
    /// <summary>The place of a segment that is not part of the ordered stream: SYN and RST.</summary>
    public const long Unordered = -1;

    /// <summary>Null: nobody sends it again (RST).</summary>
    public SimulatedTcpSocket? Sender { get; } = sender;

    public PacketKind Kind { get; } = kind;

    public IPEndPoint From { get; } = from;

    public IPEndPoint To { get; } = to;

    /// <summary>Its place in the order of its direction, in segments, from 0.</summary>
    public long Sequence { get; } = sequence;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public int Attempts { get; set; }

    public TimeSpan FirstSent { get; set; }

    /// <summary>Whether it has reached the other host.</summary>
    public bool IsReceived { get; set; }

    /// <summary>Whether the next attempt is on the agenda.</summary>
    public bool IsRetryPending { get; set; }
}
