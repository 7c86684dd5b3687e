namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// The hellos of the last minutes, by their hash, in two sets: when the young one is as old as a hello can be good, it becomes the old one.
/// Bounded; when the young set is full nothing new is taken, rather than to forget what could come back. Thread-safe: the listeners of a
/// process share one, so that a hello is not good once at each. Time is the system's, as the hellos' own.
/// </summary>
public sealed class HelloReplays
{
    /// <summary>Hellos in one set: at 200 a second, beyond which cookies are asked for, it takes 5 minutes to fill it. About 3 MiB.</summary>
    public const int Capacity = 64 * 1024;

    // A hello's clock may be a tolerance behind or before ours: so long after it was first seen it can be seen again. A cookie is good as long.
    private static readonly long LifetimeMilliseconds = 2 * SealingLimits.ClockTolerance.Ticks / TimeSpan.TicksPerMillisecond;

    private readonly Lock _lock = new();
    private readonly int _capacity;
    private HashSet<UInt128> _young = [];
    private HashSet<UInt128> _old = [];
    private long _youngSince;

    public HelloReplays(long unixMilliseconds)
        : this(unixMilliseconds, Capacity)
    {
    }

    internal HelloReplays(long unixMilliseconds, int capacity)
    {
        _youngSince = unixMilliseconds;
        _capacity = capacity;
    }

    public bool Contains(UInt128 hello, long unixMilliseconds)
    {
        lock (_lock)
        {
            Rotate(unixMilliseconds);
            return _young.Contains(hello) || _old.Contains(hello);
        }
    }

    /// <summary>False when the hello was seen before or there is no room.</summary>
    public bool TryAdd(UInt128 hello, long unixMilliseconds)
    {
        lock (_lock)
        {
            Rotate(unixMilliseconds);
            return _young.Count < _capacity && !_old.Contains(hello) && _young.Add(hello);
        }
    }

    private void Rotate(long unixMilliseconds)
    {
        var age = unixMilliseconds - _youngSince;
        if (age < LifetimeMilliseconds)
        {
            return;
        }

        (_old, _young) = (_young, _old);
        _young.Clear();
        if (age >= 2 * LifetimeMilliseconds)
        {
            _old.Clear();
        }

        _youngSince = unixMilliseconds;
    }
}
