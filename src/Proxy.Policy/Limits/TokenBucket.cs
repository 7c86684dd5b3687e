namespace Proxy.Policy.Limits;

/// <summary>
/// So many a second on average (bytes, accepts), so many at once: a bucket that fills evenly up to its burst and starts full. Within any span
/// it gives at most rate × span + burst. Counted in millionths of a token, which whole rates and microseconds fill exactly: nothing is ever
/// rounded, so nothing drifts. Time is the caller's, in microseconds; a clock that steps back stands still. One owner.
/// </summary>
public sealed class TokenBucket
{
    /// <summary>A terabyte a second; with it the millionths of a full bucket fit 63 bits with room to spare.</summary>
    public const long MaximumPerSecond = 1_000_000_000_000;

    /// <inheritdoc cref="MaximumPerSecond"/>
    public const long MaximumBurst = 1_000_000_000_000;

    private const long Scale = 1_000_000;

    private long _perSecond;
    private long _capacity;
    private long _level;
    private long _filledAtMicroseconds;

    public TokenBucket(long perSecond, long burst, long nowMicroseconds)
    {
        Check(perSecond, burst);
        (_perSecond, _capacity, _level, _filledAtMicroseconds) = (perSecond, burst * Scale, burst * Scale, nowMicroseconds);
    }

    public long PerSecond => _perSecond;

    public long Burst => _capacity / Scale;

    /// <summary>The whole tokens that are there now.</summary>
    public long Available(long nowMicroseconds)
    {
        Fill(nowMicroseconds);
        return _level / Scale;
    }

    /// <summary>How long until so many are there: 0 now. More than the burst are never there at once; for them: until it is full.</summary>
    public long MicrosecondsUntil(long tokens, long nowMicroseconds)
    {
        Fill(nowMicroseconds);
        var missing = (Math.Min(tokens, Burst) * Scale) - _level;
        return missing <= 0 ? 0 : DivideRoundingUp(missing, _perSecond);
    }

    /// <summary>Takes all of them, or none and false.</summary>
    public bool TryTake(long tokens, long nowMicroseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        if (tokens > Available(nowMicroseconds))
        {
            return false;
        }

        _level -= tokens * Scale;
        return true;
    }

    /// <summary>Takes what is there, up to so many; returns how many that were.</summary>
    public long TakeUpTo(long tokens, long nowMicroseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        var taken = Math.Min(tokens, Available(nowMicroseconds));
        _level -= taken * Scale;
        return taken;
    }

    /// <summary>Puts back what was taken and not used. Never fills it above its burst.</summary>
    public void GiveBack(long tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        _level = Math.Min(_capacity, _level + (Math.Min(tokens, Burst) * Scale));
    }

    /// <summary>Sets another rate and burst from now on; what is there stays, up to the new burst.</summary>
    public void Change(long perSecond, long burst, long nowMicroseconds)
    {
        Check(perSecond, burst);
        Fill(nowMicroseconds);
        (_perSecond, _capacity) = (perSecond, burst * Scale);
        _level = Math.Min(_level, _capacity);
    }

    private void Fill(long nowMicroseconds)
    {
        var elapsed = nowMicroseconds - _filledAtMicroseconds;
        if (elapsed <= 0)
        {
            return;
        }

        _filledAtMicroseconds = nowMicroseconds;

        // Compared before multiplied: a long idle time times a high rate would not fit.
        _level = elapsed >= DivideRoundingUp(_capacity - _level, _perSecond) ? _capacity : _level + (elapsed * _perSecond);
    }

    private static long DivideRoundingUp(long dividend, long divisor) => (dividend / divisor) + (dividend % divisor == 0 ? 0 : 1);

    private static void Check(long perSecond, long burst)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(perSecond, MaximumPerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(burst, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(burst, MaximumBurst);
    }
}
