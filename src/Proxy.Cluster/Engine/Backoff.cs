namespace Proxy.Cluster.Engine;

/// <summary>
/// Waits that double from the first to the longest, each shortened by a random part of up to a half, so that a thousand nodes do not return at once.
/// </summary>
internal sealed class Backoff
{
    private readonly long _first;
    private readonly long _longest;
    private readonly Random _random;
    private long _next;

    public Backoff(long firstMicroseconds, long longestMicroseconds, Random random)
    {
        _first = firstMicroseconds;
        _longest = longestMicroseconds;
        _random = random;
        _next = firstMicroseconds;
    }

    public long Next()
    {
        var wait = _next;
        _next = Math.Min(_longest, _next * 2);
        return (wait / 2) + _random.NextInt64((wait / 2) + 1);
    }

    public void Reset() => _next = _first;
}
