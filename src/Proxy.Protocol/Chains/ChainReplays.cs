using System.Buffers.Binary;
using Proxy.Protocol.Sealing;

namespace Proxy.Protocol.Chains;

/// <summary>What a sealed header's time and salt say about it.</summary>
internal enum Freshness
{
    Fresh,

    /// <summary>Its clock is off, or it is old.</summary>
    OffClock,

    /// <summary>It was made before this process began, which can not know whether it came already.</summary>
    BeforeStart,

    Seen,

    /// <summary>There is no room to remember it.</summary>
    NoRoom,
}

/// <summary>
/// Which sealed headers came already: their salts, for as long as their time would be taken. Thread-safe: the listeners of a process share one,
/// so that a header is not good once at each. Time is the system's, as the headers' own.
/// </summary>
/// <param name="startUnixMilliseconds">When the process began: what is older may have come to the one before it.</param>
/// <param name="capacity">Salts in each of two sets.</param>
public sealed class ChainReplays(long startUnixMilliseconds, int capacity = ChainReplays.Capacity)
{
    /// <summary>A million in both sets, which is 4,000 headers a second without end. About 40 MiB when it is full.</summary>
    public const int Capacity = 512 * 1024;

    /// <summary>How far a header's clock may be off.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    // A clock may be a tolerance behind or before ours: so long after it was first seen a header can be seen again.
    private readonly RecentSet _set = new(2 * Tolerance, capacity, startUnixMilliseconds);
    private long _refusedForRoom;

    /// <summary>Headers that were good, and for which there was no room.</summary>
    public long RefusedForRoom => Interlocked.Read(ref _refusedForRoom);

    internal Freshness Judge(ReadOnlySpan<byte> salt, long sentUnixMilliseconds, long unixMilliseconds)
    {
        var tolerance = (long)Tolerance.TotalMilliseconds;
        if (sentUnixMilliseconds < unixMilliseconds - tolerance || sentUnixMilliseconds > unixMilliseconds + tolerance)
        {
            return Freshness.OffClock;
        }

        if (sentUnixMilliseconds < startUnixMilliseconds)
        {
            return Freshness.BeforeStart;
        }

        // Two thirds of the salt: what is random does not meet itself.
        if (_set.TryAdd(BinaryPrimitives.ReadUInt128BigEndian(salt), unixMilliseconds, out var isFull))
        {
            return Freshness.Fresh;
        }

        if (!isFull)
        {
            return Freshness.Seen;
        }

        Interlocked.Increment(ref _refusedForRoom);
        return Freshness.NoRoom;
    }
}
