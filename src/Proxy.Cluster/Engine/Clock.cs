namespace Proxy.Cluster.Engine;

/// <summary>A provider's monotonic clock in microseconds, as the pure parts take it.</summary>
public static class Clock
{
    public const long Second = 1_000_000;

    public const long Millisecond = 1_000;

    /// <summary>Later than everything: no deadline.</summary>
    public const long Never = long.MaxValue;

    public static long NowMicroseconds(this TimeProvider time)
    {
        var (seconds, rest) = Math.DivRem(time.GetTimestamp(), time.TimestampFrequency);
        return (seconds * Second) + (rest * Second / time.TimestampFrequency);
    }
}
