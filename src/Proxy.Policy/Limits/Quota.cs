namespace Proxy.Policy.Limits;

/// <summary>Why a principal gets no stream now.</summary>
public enum QuotaVerdict
{
    Admitted,

    /// <summary>It has as many as it may have.</summary>
    TooManyStreams,

    /// <summary>They come too fast.</summary>
    TooFast,

    /// <summary>Its bytes of this period are used up.</summary>
    BytesUsedUp,
}

/// <summary>
/// What one principal has of what it may use. Bytes count when a stream ends, so it may pass its limit by what lives then. Time is the caller's, in
/// microseconds. One owner at a time.
/// </summary>
public sealed class Quota(QuotaSettings settings, long nowMicroseconds)
{
    private QuotaSettings _settings = settings;
    private TokenBucket? _rate = BucketOf(settings, nowMicroseconds);
    private long? _periodEndMicroseconds;

    /// <summary>Streams at once now.</summary>
    public int Streams { get; private set; }

    /// <summary>Bytes of the present period.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Streams that were not admitted.</summary>
    public long Refused { get; private set; }

    /// <summary>Other limits from now on; who is in stays in, and what was used stays used.</summary>
    public void Change(QuotaSettings changed, long nowMicroseconds)
    {
        if (changed != _settings)
        {
            _rate = changed.StreamsPerSecond == _settings.StreamsPerSecond ? _rate : BucketOf(changed, nowMicroseconds);
            _settings = changed;
        }
    }

    /// <summary>Admitted: to be given back by <see cref="Leave"/>.</summary>
    public QuotaVerdict Enter(long nowMicroseconds)
    {
        BeginPeriod(nowMicroseconds);
        var verdict = Streams >= _settings.MaximumStreams ? QuotaVerdict.TooManyStreams
            : _settings.Bytes > 0 && UsedBytes >= _settings.Bytes ? QuotaVerdict.BytesUsedUp
            : _rate?.TryTake(1, nowMicroseconds) == false ? QuotaVerdict.TooFast
            : QuotaVerdict.Admitted;
        if (verdict == QuotaVerdict.Admitted)
        {
            Streams++;
        }
        else
        {
            Refused++;
        }

        return verdict;
    }

    /// <summary>Who was admitted is not, for a reason that lies elsewhere.</summary>
    public void Refuse()
    {
        Streams--;
        Refused++;
    }

    public void Leave(long bytes, long nowMicroseconds)
    {
        BeginPeriod(nowMicroseconds);
        Streams--;
        UsedBytes += bytes;
    }

    private void BeginPeriod(long nowMicroseconds)
    {
        if (_periodEndMicroseconds is not { } end || nowMicroseconds >= end)
        {
            _periodEndMicroseconds = nowMicroseconds + (long)_settings.Period.TotalMicroseconds;
            UsedBytes = 0;
        }
    }

    private static TokenBucket? BucketOf(QuotaSettings settings, long nowMicroseconds) =>
        settings.StreamsPerSecond > 0 ? new TokenBucket(settings.StreamsPerSecond, settings.StreamsPerSecond, nowMicroseconds) : null;
}
