namespace Proxy.Policy.Limits;

/// <summary>
/// One rate in bytes a second shared fairly among connections: those that want more than their part get equal parts, what others leave is
/// theirs, and nobody banks more than a tenth of a second's part by waiting. One owner.
/// <para>
/// A connection that has bytes to move calls <see cref="Request"/>; then whoever drives the bucket calls <see cref="TryGrant"/> until it is
/// false, and comes back after <see cref="MicrosecondsUntilGrant"/>. Every grant goes to its connection at once, which moves its bytes, gives
/// back what is left over (<see cref="GiveBack"/>) and asks again, if it has more, before the next grant is made: then sizes of requests do
/// not matter. A connection asks when it has bytes to move, not in advance: a grant held idle is rate lost to all.
/// </para>
/// <para>
/// The order is start-time fair queueing (Goyal, Vin, Cheng 1996): like deficit round robin, but a connection that asks for little at a time
/// gets as much as one that asks for much. Every share has a position, the bytes granted to it; the one furthest back is next, and one that
/// was away begins a tenth of a second's part behind where the bucket is now, so that asking a little late costs nothing.
/// Grants are small enough that a round over all that wait takes about 50 ms.
/// </para>
/// </summary>
public sealed class SharedBucket
{
    /// <summary>As much as one read of a relay carries; more at once gains nothing.</summary>
    public const long MaximumGrantBytes = 64 * 1024;

    /// <summary>Below this the work of a grant is more than the bytes are worth.</summary>
    public const long MinimumGrantBytes = 512;

    private const long RoundsPerSecond = 20;
    private const long LatenessPerSecond = 10;

    // So few cancelled entries that a sweep is not worth it.
    private const int MinimumKeptEntries = 64;

    private readonly PriorityQueue<BucketShare, (long Position, long Turn)> _waiting = new();
    private readonly TokenBucket _bucket;
    private long _position;
    private long _turn;

    public SharedBucket(long bytesPerSecond, long burstBytes, long nowMicroseconds)
    {
        _bucket = new TokenBucket(bytesPerSecond, burstBytes, nowMicroseconds);
    }

    /// <summary>How many shares wait for a grant.</summary>
    public int WaitingCount { get; private set; }

    /// <summary>Enters the share's wish, or changes the one it has. At least one byte.</summary>
    public void Request(BucketShare share, long bytes)
    {
        ArgumentNullException.ThrowIfNull(share);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        if (share.IsWaiting)
        {
            share.WantedBytes = bytes;
            return;
        }

        share.WantedBytes = bytes;
        WaitingCount++;
        share.Position = Math.Max(share.Position, _position - (_bucket.PerSecond / LatenessPerSecond / WaitingCount));
        Enqueue(share);
    }

    /// <summary>Takes the share's wish back: its connection has ended, or has no more bytes.</summary>
    public void Cancel(BucketShare share)
    {
        ArgumentNullException.ThrowIfNull(share);
        if (!share.IsWaiting)
        {
            return;
        }

        // Its entry stays in the queue and is passed over when its turn comes, unless those were to become the most of it.
        share.WantedBytes = 0;
        share.Turn = BucketShare.NoTurn;
        WaitingCount--;
        if (_waiting.Count > (2 * WaitingCount) + MinimumKeptEntries)
        {
            RemoveCancelled();
        }
    }

    /// <summary>
    /// The next grant that can be made now; it ends the wish it answers, even if it is less. False: nobody waits, or the bytes are not there yet.
    /// </summary>
    public bool TryGrant(long nowMicroseconds, out BucketShare share, out long bytes)
    {
        (share, bytes) = (null!, 0);
        if (!TryPeek(out var next) || !_bucket.TryTake(GrantFor(next), nowMicroseconds))
        {
            return false;
        }

        (share, bytes) = (next, GrantFor(next));
        _waiting.Dequeue();
        WaitingCount--;
        _position = Math.Max(_position, share.Position);
        share.Position += bytes;
        share.WantedBytes = 0;
        share.Turn = BucketShare.NoTurn;
        return true;
    }

    /// <summary>Puts back what a grant left over; before the share asks again, or its turn comes as if it had used all.</summary>
    public void GiveBack(BucketShare share, long bytes)
    {
        ArgumentNullException.ThrowIfNull(share);
        _bucket.GiveBack(bytes);
        if (!share.IsWaiting)
        {
            share.Position -= bytes;
        }
    }

    /// <summary>How long until <see cref="TryGrant"/> will grant something, as things stand: 0 now; null: nobody waits.</summary>
    public long? MicrosecondsUntilGrant(long nowMicroseconds) =>
        TryPeek(out var next) ? _bucket.MicrosecondsUntil(GrantFor(next), nowMicroseconds) : null;

    /// <summary>Sets another rate and burst from now on.</summary>
    public void Change(long bytesPerSecond, long burstBytes, long nowMicroseconds) => _bucket.Change(bytesPerSecond, burstBytes, nowMicroseconds);

    private long GrantFor(BucketShare share)
    {
        var part = _bucket.PerSecond / RoundsPerSecond / WaitingCount;
        var most = Math.Min(Math.Clamp(part, MinimumGrantBytes, MaximumGrantBytes), _bucket.Burst);
        return Math.Min(share.WantedBytes, most);
    }

    private bool TryPeek(out BucketShare share)
    {
        while (_waiting.TryPeek(out share!, out var priority))
        {
            if (share.Turn == priority.Turn)
            {
                return true;
            }

            _waiting.Dequeue();
        }

        return false;
    }

    private void Enqueue(BucketShare share)
    {
        share.Turn = _turn++;
        _waiting.Enqueue(share, (share.Position, share.Turn));
    }

    private void RemoveCancelled()
    {
        var kept = _waiting.UnorderedItems.Where(item => item.Element.Turn == item.Priority.Turn).ToArray();
        _waiting.Clear();
        _waiting.EnqueueRange(kept.Select(item => (item.Element, item.Priority)));
    }
}
