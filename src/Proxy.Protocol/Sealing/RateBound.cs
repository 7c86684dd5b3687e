namespace Proxy.Protocol.Sealing;

/// <summary>A token bucket: so many in a second, after a quiet second so many at once. Time is the caller's, in microseconds.</summary>
internal sealed class RateBound(int perSecond, long nowMicroseconds)
{
    private const long SecondMicroseconds = 1_000_000;

    private long _credit = perSecond * SecondMicroseconds;   // in millionths of a token
    private long _lastMicroseconds = nowMicroseconds;

    /// <summary>Takes one token; false when there is none.</summary>
    public bool TryTake(long nowMicroseconds)
    {
        var elapsed = Math.Clamp(nowMicroseconds - _lastMicroseconds, 0, SecondMicroseconds);
        _lastMicroseconds = Math.Max(_lastMicroseconds, nowMicroseconds);
        _credit = Math.Min(_credit + (elapsed * perSecond), perSecond * SecondMicroseconds);
        if (_credit < SecondMicroseconds)
        {
            return false;
        }

        _credit -= SecondMicroseconds;
        return true;
    }
}
