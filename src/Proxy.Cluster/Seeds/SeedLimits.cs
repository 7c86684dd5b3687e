namespace Proxy.Cluster.Seeds;

/// <summary>What a seed holds at most; it lives in memory, and strangers write to it.</summary>
public sealed record SeedLimits
{
    /// <summary>The longest key, in bytes: names and addresses, not documents.</summary>
    public int KeyBytes { get; init; } = 1024;

    /// <summary>The largest value, in bytes: one configuration for all workers fits, with room.</summary>
    public int ValueBytes { get; init; } = 1 << 20;

    /// <summary>Keys: ten thousand workers with a few each.</summary>
    public int Keys { get; init; } = 100_000;

    /// <summary>Keys and values together, in bytes.</summary>
    public long TotalBytes { get; init; } = 256L << 20;

    public int Leases { get; init; } = 20_000;

    /// <summary>Watches at a time.</summary>
    public int Watchers { get; init; } = 20_000;

    /// <summary>Changes that can be told again to a watch that resumes; older ones are compacted.</summary>
    public int HistoryEvents { get; init; } = 10_000;

    /// <summary>The same in bytes.</summary>
    public long HistoryBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of keys and values in one answer.</summary>
    public long AnswerBytes { get; init; } = 8L << 20;

    /// <summary>Changes in one notice of a watch; more of one revision stay together all the same.</summary>
    public int NoticeEvents { get; init; } = 1000;

    /// <summary>The longest life of a lease without a keep-alive: a week is no lease any more.</summary>
    public long LeaseSeconds { get; init; } = 7 * 24 * 3600;
}
