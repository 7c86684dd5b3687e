namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// The hellos of the last minutes, by their hash. Bounded; when it is full nothing new is taken, rather than to forget what could come back.
/// Thread-safe: the listeners of a process share one, so that a hello is not good once at each. Time is the system's, as the hellos' own.
/// </summary>
public sealed class HelloReplays
{
    /// <summary>Hellos in one set: at 200 a second, beyond which cookies are asked for, it takes 5 minutes to fill it. About 3 MiB.</summary>
    public const int Capacity = 64 * 1024;

    private readonly RecentSet _set;

    public HelloReplays(long unixMilliseconds)
        : this(unixMilliseconds, Capacity)
    {
    }

    // A hello's clock may be a tolerance behind or before ours: so long after it was first seen it can be seen again. A cookie is good as long.
    internal HelloReplays(long unixMilliseconds, int capacity)
    {
        _set = new RecentSet(2 * SealingLimits.ClockTolerance, capacity, unixMilliseconds);
    }

    public bool Contains(UInt128 hello, long unixMilliseconds) => _set.Contains(hello, unixMilliseconds);

    /// <summary>False when the hello was seen before or there is no room.</summary>
    public bool TryAdd(UInt128 hello, long unixMilliseconds) => _set.TryAdd(hello, unixMilliseconds, out _);
}
