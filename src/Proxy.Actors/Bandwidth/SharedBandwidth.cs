using Proxy.Policy.Limits;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One rate that all connections of a listener share in one direction, on whatever loops they live. The bucket and the throttles under it are
/// touched under one lock, for as long as a few additions take; who waits is woken by one loop, its driver, which alone has a deadline and only
/// while somebody waits. A connection that nobody competes with is answered at once, without the driver. Bytes never come here.
/// </summary>
internal sealed class SharedBandwidth : IThreadPoolWorkItem
{
    // A rate that is never reached would keep the driver's loop busy with grants for as long as connections have bytes in hand.
    private const int GrantsPerTurn = 64;

    private readonly Lock _lock = new();
    private readonly SharedBucket _bucket;
    private readonly IIoLoop _driver;
    private IDeadline? _deadline;

    // Whether a turn of the driver or its deadline is on the way.
    private bool _isDriving;

    /// <summary>A bucket that is full, whenever it is first asked. From any thread.</summary>
    /// <param name="driver">The loop that wakes those who wait.</param>
    public SharedBandwidth(long bytesPerSecond, IIoLoop driver)
    {
        (_bucket, _driver) = (Bandwidth.Of(bytesPerSecond).ToSharedBucket(nowMicroseconds: 0), driver);
    }

    public Throttle CreateThrottle(TokenBucket? own, ThrottledChannel owner) => new(own, _bucket, owner);

    /// <summary>
    /// How many bytes may move now; where the answer awaits a grant, <see cref="ThrottledChannel.Grant"/> is called later, from the driver.
    /// </summary>
    public ThrottleAnswer Ask(Throttle throttle, long bytes, long nowMicroseconds)
    {
        lock (_lock)
        {
            var answer = throttle.Ask(bytes, nowMicroseconds);
            if (!answer.AwaitsGrant)
            {
                return answer;
            }

            if (_bucket.WaitingCount == 1 && _bucket.TryGrant(nowMicroseconds, out _, out var granted))
            {
                throttle.Accept(granted, nowMicroseconds);
                return ThrottleAnswer.Move(granted);
            }

            if (_isDriving)
            {
                return answer;
            }

            _isDriving = true;
        }

        _driver.Post(this);
        return default;
    }

    /// <summary>So many bytes that were granted did not move.</summary>
    public void GiveBack(Throttle throttle, long bytes)
    {
        lock (_lock)
        {
            throttle.GiveBack(bytes);
        }
    }

    /// <summary>The throttle's channel is gone.</summary>
    public void Stop(Throttle throttle)
    {
        lock (_lock)
        {
            throttle.Stop();
        }
    }

    /// <summary>The driver's turn.</summary>
    void IThreadPoolWorkItem.Execute() => Drive();

    private void Drive()
    {
        var isDone = false;
        try
        {
            for (var grants = 0; grants < GrantsPerTurn && !isDone; grants++)
            {
                isDone = !TryGrant(out var channel, out var bytes);
                channel?.Grant(bytes);
            }
        }
        finally
        {
            // Also after a channel whose handler threw: the others still wait.
            if (!isDone)
            {
                _driver.Post(this);
            }
        }
    }

    private bool TryGrant(out ThrottledChannel? channel, out long bytes)
    {
        channel = null;
        var now = _driver.NowMicroseconds;
        lock (_lock)
        {
            if (_bucket.TryGrant(now, out var share, out bytes))
            {
                var throttle = (Throttle)share.Owner!;
                throttle.Accept(bytes, now);
                channel = (ThrottledChannel)throttle.Owner!;
                return true;
            }

            if (_bucket.MicrosecondsUntilGrant(now) is { } wait)
            {
                _deadline ??= _driver.CreateDeadline(Drive);
                _deadline.Set(now + Math.Max(1, wait));
            }
            else
            {
                _isDriving = false;
            }

            return false;
        }
    }
}
