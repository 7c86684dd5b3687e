namespace Proxy.Cluster.Seeds;

/// <summary>A lease in the seed's store.</summary>
internal sealed class SeedLease(long id, long ttlSeconds, long expiresAtMicroseconds)
{
    public long Id { get; } = id;

    public long TtlSeconds { get; } = ttlSeconds;

    public long ExpiresAtMicroseconds { get; set; } = expiresAtMicroseconds;

    /// <summary>The keys that end with it.</summary>
    public SortedSet<byte[]> Keys { get; } = new(Engine.KeyOrder.Instance);
}
