using Proxy.Cluster.Shares;
using Proxy.Policy.Limits;

namespace Proxy.Actors;

/// <summary>
/// This node's part of a rate that holds across the cluster: a bucket that fills by its share, and holds a second of it. So all nodes together give at
/// most the limit a second on average, and twice the limit in any one second. Thread-safe; time is the clock's that the limit's share is valid by.
/// </summary>
/// <param name="limit">So many a second of all nodes together.</param>
internal sealed class SharedRate(ClusterLimit limit)
{
    private readonly Lock _lock = new();
    private TokenBucket? _bucket;

    public bool TryTake(long nowMicroseconds)
    {
        // What comes is what is wanted, whether it gets in or not.
        limit.CountAttempt();
        var share = limit.Share(nowMicroseconds);
        if (share < 1)
        {
            return false;
        }

        lock (_lock)
        {
            if (_bucket is null)
            {
                _bucket = new TokenBucket(share, share, nowMicroseconds);
            }
            else if (_bucket.PerSecond != share)
            {
                _bucket.Change(share, share, nowMicroseconds);
            }

            return _bucket.TryTake(1, nowMicroseconds);
        }
    }
}
