namespace Proxy.Policy.Limits;

/// <summary>
/// One direction of one connection under its own rate, its listener's, or both. <see cref="Ask"/> when there are bytes to move; the answer is a
/// number of bytes, a time to ask again, or that the listener's bucket will say: then its driver passes the grant to <see cref="Accept"/>,
/// finding this throttle as the share's <see cref="BucketShare.Owner"/>. What was not moved goes back by <see cref="GiveBack"/>; at the end
/// of the connection <see cref="Stop"/>. Owner: that of the shared bucket.
/// </summary>
public sealed class Throttle
{
    private const long WakesPerSecond = 20;

    private readonly TokenBucket? _own;
    private readonly SharedBucket? _shared;
    private readonly BucketShare _share;

    /// <param name="owner">What whoever drives the shared bucket wants to find again when a grant comes.</param>
    public Throttle(TokenBucket? own, SharedBucket? shared, object? owner = null)
    {
        (_own, _shared, _share, Owner) = (own, shared, new BucketShare(this), owner);
    }

    public object? Owner { get; }

    /// <summary>How many bytes may move now, of those that are there to be moved (at least one).</summary>
    public ThrottleAnswer Ask(long bytes, long nowMicroseconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        if (_own is not null)
        {
            // Worth waking up for: not the first byte, but a twentieth of a second's worth.
            var worthwhile = Math.Min(bytes, Math.Clamp(_own.PerSecond / WakesPerSecond, 1, SharedBucket.MaximumGrantBytes));
            var wait = _own.MicrosecondsUntil(worthwhile, nowMicroseconds);
            if (wait > 0)
            {
                return ThrottleAnswer.AskAgainAfter(wait);
            }

            bytes = Math.Min(bytes, _own.Available(nowMicroseconds));
        }

        if (_shared is not null)
        {
            _shared.Request(_share, bytes);
            return ThrottleAnswer.Awaiting;
        }

        return ThrottleAnswer.Move(_own?.TakeUpTo(bytes, nowMicroseconds) ?? bytes);
    }

    /// <summary>The shared bucket has granted so many bytes: they may move now.</summary>
    public void Accept(long bytes, long nowMicroseconds) => _own?.TakeUpTo(bytes, nowMicroseconds);

    /// <summary>So many of the bytes that might have moved did not.</summary>
    public void GiveBack(long bytes)
    {
        _own?.GiveBack(bytes);
        _shared?.GiveBack(_share, bytes);
    }

    /// <summary>Asks for nothing any more.</summary>
    public void Stop() => _shared?.Cancel(_share);
}

/// <summary>One of three: bytes that may move now; a time after which to ask again; or neither, when the shared bucket will grant.</summary>
public readonly record struct ThrottleAnswer
{
    internal static readonly ThrottleAnswer Awaiting;

    private ThrottleAnswer(long bytes, long waitMicroseconds)
    {
        (Bytes, WaitMicroseconds) = (bytes, waitMicroseconds);
    }

    public long Bytes { get; }

    public long WaitMicroseconds { get; }

    /// <summary>Whether the shared bucket's grant is what to wait for.</summary>
    public bool AwaitsGrant => Bytes == 0 && WaitMicroseconds == 0;

    /// <summary>So many bytes may move now; at least one.</summary>
    public static ThrottleAnswer Move(long bytes) => new(bytes, 0);

    internal static ThrottleAnswer AskAgainAfter(long waitMicroseconds) => new(0, waitMicroseconds);
}
