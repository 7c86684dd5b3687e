using System.Buffers;
using Proxy.Policy.Limits;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A channel that delivers what it receives no faster than its own rate and its part of the listener's. What may not go yet of one read of the
/// loop is held, and the inner channel is paused until it has gone; between reads nothing is held.
/// </summary>
internal sealed class ThrottledChannel : ChannelDecorator
{
    private readonly Throttle _throttle;
    private readonly SharedBandwidth? _shared;
    private IDeadline? _wake;

    // Whether the deadline or a grant is what to wait for.
    private bool _isWaiting;
    private long _grantedBytes;

    // Granted by another loop, not seen by this one yet. There is one grant at a time at most: the next is asked for after it.
    private long _postedGrantBytes;

    /// <summary>Stands around <paramref name="inner"/> at once, whose receiving is paused.</summary>
    /// <param name="bytesPerSecond">Of this channel alone; 0 for no limit.</param>
    /// <param name="shared">The rate of all channels of the listener; null for no limit.</param>
    public ThrottledChannel(IIoLoop loop, IChannel inner, ArrayPool<byte> pool, long bytesPerSecond, SharedBandwidth? shared)
        : base(loop, inner, pool)
    {
        var own = bytesPerSecond > 0 ? Bandwidth.Of(bytesPerSecond).ToTokenBucket(loop.NowMicroseconds) : null;
        _shared = shared;
        _throttle = shared?.CreateThrottle(own, this) ?? new Throttle(own, shared: null, this);
    }

    /// <summary>So many bytes may move. From the driver of the shared rate, on whatever loop.</summary>
    public void Grant(long bytes)
    {
        if (Loop.IsCurrent)
        {
            TakeGrant(bytes);
        }
        else
        {
            Volatile.Write(ref _postedGrantBytes, bytes);
            Loop.Post(new GrantNotice(this));
        }
    }

    protected override void HandleReceived(ReadOnlySpan<byte> bytes)
    {
        Pass(bytes);
        Advance();
    }

    protected override void HandleEndOfStream()
    {
        PassEnd();
        Advance();
    }

    protected override int Allow(int bytes)
    {
        if (_grantedBytes > 0)
        {
            var count = (int)Math.Min(bytes, _grantedBytes);
            _grantedBytes -= count;
            return count;
        }

        if (_isWaiting)
        {
            return 0;
        }

        var now = Loop.NowMicroseconds;
        var answer = _shared?.Ask(_throttle, bytes, now) ?? _throttle.Ask(bytes, now);
        if (answer.Bytes == 0)
        {
            WaitFor(answer, now);
        }

        return (int)answer.Bytes;
    }

    protected override void HandleGone()
    {
        _wake?.Cancel();
        _shared?.Stop(_throttle);
    }

    private void WaitFor(in ThrottleAnswer answer, long nowMicroseconds)
    {
        _isWaiting = true;
        if (!answer.AwaitsGrant)
        {
            _wake ??= Loop.CreateDeadline(OnWake);
            _wake.Set(nowMicroseconds + answer.WaitMicroseconds);
        }
    }

    private void OnWake()
    {
        _isWaiting = false;
        Guard(Advance);
    }

    private void TakeGrant(long bytes)
    {
        (_isWaiting, _grantedBytes) = (false, bytes);
        try
        {
            Guard(Advance);
        }
        finally
        {
            // Nobody wants bytes any more, or the connection is over.
            _shared!.GiveBack(_throttle, _grantedBytes);
            _grantedBytes = 0;
        }
    }

    private sealed class GrantNotice(ThrottledChannel channel) : IThreadPoolWorkItem
    {
        public void Execute() => channel.TakeGrant(Interlocked.Exchange(ref channel._postedGrantBytes, 0));
    }
}
