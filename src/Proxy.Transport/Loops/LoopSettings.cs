using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Transport.HandOver;

namespace Proxy.Transport;

/// <summary>What the loops of a node are given, whatever the backend; a backend without a capability ignores its settings.</summary>
public sealed record LoopSettings
{
    /// <summary>The largest datagram, and the largest batch of them that a kernel joins, must fit.</summary>
    public const int SmallestReadBufferBytes = 64 << 10;

    /// <summary>Where buffers for bytes that could not go at once come from, and go back to as soon as they have gone.</summary>
    public ArrayPool<byte> Pool { get; init; } = ArrayPool<byte>.Shared;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>How long a closed channel may take to get rid of its kept bytes and to see the peer's end, before it is reset.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The one buffer that a loop reads into. 256 KiB: measured, a bulk flow costs a quarter less CPU than with 64 KiB.
    /// </summary>
    public int ReadBufferBytes { get; init; } = 256 << 10;

    /// <summary>
    /// Reads of at least 64 KiB in a row after which a relayed direction is moved inside the kernel (splice) instead of being copied; zero:
    /// never.
    /// </summary>
    public int BulkReadsBeforeSplice { get; init; } = 3;

    /// <summary>
    /// Directions that may be spliced at a time, in all loops of a group together. An unprivileged user gets 64 MiB of pipes in all; beyond that each new pipe
    /// shrinks to 8 KiB, which is worse than copying.
    /// </summary>
    public int SplicedFlows { get; init; } = 32;

    /// <summary>Descriptors of the process that accepting leaves to others: to logs, health checks, and who asks at the admin address.</summary>
    public int ReservedDescriptors { get; init; } = 64;

    /// <summary>Sockets that are bound already, and where listeners are known to a successor; null: each binds its own, and nobody takes over.</summary>
    public ListeningSockets? Listening { get; init; }

    /// <summary>Whether equal datagrams may cross the kernel as one (UDP_SEGMENT, UDP_GRO) where it can.</summary>
    public bool UdpOffload { get; init; } = true;
}
