namespace Proxy.Tunnel;

/// <summary>A token bucket: so many per second on average, so many at once. Time is the caller's, in microseconds.</summary>
public sealed class RateBudget
{
    private readonly int _perSecond;
    private readonly int _burst;
    private double _tokens;
    private long _lastMicroseconds;

    public RateBudget(int perSecond, int burst, long nowMicroseconds)
    {
        _perSecond = perSecond;
        _burst = burst;
        _tokens = burst;
        _lastMicroseconds = nowMicroseconds;
    }

    /// <summary>Takes one token; false when there is none.</summary>
    public bool TryTake(long nowMicroseconds)
    {
        _tokens = Math.Min(_burst, _tokens + ((nowMicroseconds - _lastMicroseconds) * (_perSecond / 1_000_000.0)));
        _lastMicroseconds = nowMicroseconds;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
