namespace Proxy.Protocol.Sealing;

/// <summary>
/// What was seen within the last lifetime, and perhaps up to two, in two sets: when the young one is a lifetime old, it becomes the old one.
/// Bounded; when the young set is full nothing new is taken, rather than to forget what could come back. Thread-safe.
/// </summary>
internal sealed class RecentSet(TimeSpan lifetime, int capacity, long unixMilliseconds)
{
    private readonly Lock _lock = new();
    private readonly long _lifetimeMilliseconds = lifetime.Ticks / TimeSpan.TicksPerMillisecond;
    private HashSet<UInt128> _young = [];
    private HashSet<UInt128> _old = [];
    private long _youngSince = unixMilliseconds;

    public bool Contains(UInt128 item, long unixMilliseconds)
    {
        lock (_lock)
        {
            Rotate(unixMilliseconds);
            return _young.Contains(item) || _old.Contains(item);
        }
    }

    /// <summary>False when it was seen before or there is no room; <paramref name="isFull"/> tells which.</summary>
    public bool TryAdd(UInt128 item, long unixMilliseconds, out bool isFull)
    {
        lock (_lock)
        {
            Rotate(unixMilliseconds);
            isFull = _young.Count >= capacity && !_young.Contains(item) && !_old.Contains(item);
            return !isFull && !_old.Contains(item) && _young.Add(item);
        }
    }

    private void Rotate(long unixMilliseconds)
    {
        var age = unixMilliseconds - _youngSince;
        if (age < _lifetimeMilliseconds)
        {
            return;
        }

        (_old, _young) = (_young, _old);
        _young.Clear();
        if (age >= 2 * _lifetimeMilliseconds)
        {
            _old.Clear();
        }

        _youngSince = unixMilliseconds;
    }
}
