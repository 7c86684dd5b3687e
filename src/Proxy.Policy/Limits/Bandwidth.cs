namespace Proxy.Policy.Limits;

/// <summary>A rate in bytes a second with the burst that goes with it.</summary>
public readonly record struct Bandwidth(long BytesPerSecond, long BurstBytes)
{
    // Loops look at their deadlines every few milliseconds; a bucket that fills up in between loses rate. A tenth of a second is far above that
    // and still far below what a reader of a graph would call a burst.
    private const long BurstsPerSecond = 10;

    // One read of a relay; smaller pieces cost more calls than they hold back.
    private const long MinimumBurstBytes = 16 * 1024;

    /// <summary>This rate with a tenth of a second's burst, 16 KiB at the least.</summary>
    public static Bandwidth Of(long bytesPerSecond) => new(bytesPerSecond, Math.Max(bytesPerSecond / BurstsPerSecond, MinimumBurstBytes));

    public TokenBucket ToTokenBucket(long nowMicroseconds) => new(BytesPerSecond, BurstBytes, nowMicroseconds);

    public SharedBucket ToSharedBucket(long nowMicroseconds) => new(BytesPerSecond, BurstBytes, nowMicroseconds);
}
