namespace Proxy.Cluster.Shares;

/// <summary>What a node does with its share when its lease has run out by its own clock.</summary>
public enum AwayPolicy
{
    /// <summary>It takes nothing new: others may have been given the share. The limit holds.</summary>
    TakeNothing,

    /// <summary>It goes on with the share it had: the limit may be exceeded by the shares of those who are cut off.</summary>
    KeepShare,
}

/// <summary>
/// This node's share of one limit that holds across the cluster. Thread-safe, without a lock: whoever accepts asks <see cref="TryTake"/>, the
/// cluster's actor moves the share.
/// </summary>
/// <param name="id">The same at all nodes, such as <c>frontend:web</c>.</param>
/// <param name="limit">What all nodes together may have.</param>
/// <param name="policy">What happens while the engine is away.</param>
public sealed class ClusterLimit(string id, long limit, AwayPolicy policy = AwayPolicy.TakeNothing)
{
    private long _share;
    private long _validUntil;
    private long _active;
    private long _refused;
    private long _attempts;

    public string Id { get; } = id;

    public long Limit { get; } = limit;

    public AwayPolicy Policy { get; } = policy;

    /// <summary>Taken and not given back.</summary>
    public long Active => Interlocked.Read(ref _active);

    /// <summary>Attempts that were turned away since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Attempts that <see cref="CountAttempt"/> was told of.</summary>
    public long Attempts => Interlocked.Read(ref _attempts);

    /// <summary>What this node may have now. Who limits a rate sets its bucket by it, and counts what comes by <see cref="CountAttempt"/>.</summary>
    public long Share(long nowMicroseconds) => nowMicroseconds < Volatile.Read(ref _validUntil) ? Volatile.Read(ref _share) : 0;

    /// <summary>Takes one. Whether there was one left; it is given back by <see cref="Release"/>.</summary>
    public bool TryTake(long nowMicroseconds)
    {
        // Counted before the share is looked at: whoever lowers the share sees either the count or nobody who has seen the old share.
        if (Interlocked.Increment(ref _active) <= Share(nowMicroseconds))
        {
            return true;
        }

        Interlocked.Decrement(ref _active);
        Interlocked.Increment(ref _refused);
        return false;
    }

    /// <summary>One more wanted something of a rate, whether it got it or not; what is wanted is their number a second.</summary>
    public void CountAttempt() => Interlocked.Increment(ref _attempts);

    /// <summary>So many were let in before the limit was there, or whatever it says; they are to be given back too.</summary>
    public void Adopt(long count) => Interlocked.Add(ref _active, count);

    public void Release() => Interlocked.Decrement(ref _active);

    /// <summary>From now on the share is that, until then. What is lowered is lowered first: no moment has the larger of both.</summary>
    internal void Set(long share, long validUntilMicroseconds)
    {
        if (share < Volatile.Read(ref _share))
        {
            Interlocked.Exchange(ref _share, share);
            Interlocked.Exchange(ref _validUntil, validUntilMicroseconds);
        }
        else
        {
            Interlocked.Exchange(ref _validUntil, validUntilMicroseconds);
            Interlocked.Exchange(ref _share, share);
        }
    }
}
