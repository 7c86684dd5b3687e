using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Proxy.Transport.Portable;

/// <summary>What a <see cref="PortableLoop"/> is given.</summary>
public sealed record PortableLoopSettings
{
    /// <summary>Where buffers for bytes that could not go at once come from, and go back to as soon as they have gone.</summary>
    public ArrayPool<byte> Pool { get; init; } = ArrayPool<byte>.Shared;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>How long a closed channel may take to get rid of its kept bytes and to see the peer's end, before it is reset.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The largest datagram must fit.</summary>
    public const int SmallestReadBufferBytes = 64 << 10;

    /// <summary>The one buffer that a loop reads into.</summary>
    public int ReadBufferBytes { get; init; } = SmallestReadBufferBytes;
}
