namespace Proxy.Policy.Limits;

/// <summary>What one principal may use.</summary>
public sealed record QuotaSettings
{
    public static readonly QuotaSettings Unlimited = new();

    /// <summary>Streams at once.</summary>
    public int MaximumStreams { get; init; } = int.MaxValue;

    /// <summary>New streams a second, on average and as many at once; 0: any number.</summary>
    public int StreamsPerSecond { get; init; }

    /// <summary>Bytes, both ways together, in each <see cref="Period"/>; 0: any number. What lives when they are used up goes on.</summary>
    public long Bytes { get; init; }

    /// <summary>How long <see cref="Bytes"/> are for; it begins with the first stream, and anew with the first after it is over.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromDays(1);
}
