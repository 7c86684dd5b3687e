namespace Proxy.Tunnel.Native;

/// <summary>
/// The queue in front of the bottleneck as the round trips show it, and how long it may stand. What may stand shrinks with the root of the
/// bandwidth: of several who see the same queue the largest gives way first, whatever their round trips, until all are equal. It shrinks as
/// well where queues overflow before they are that long, and grows with what the path's own round trip varies. Microseconds.
/// </summary>
internal sealed class StandingQueue
{
    // Long enough for a path that delivers in bunches, and of the same length for everybody, as the least of a longer time is less.
    private const long WindowMicroseconds = 30_000;

    // A machine with other work to do hears rarely, and of much at once: the least of one moment says only how late it is.
    private const int WindowMoments = 10;
    private const long MomentMicroseconds = 1_000;

    // 4 ms at 25 MB/s, 20 ms at 1 MB/s.
    private const double AllowedTimesRootOfBandwidth = 20_000_000;
    private const double LeastAllowedMicroseconds = 2_000;
    private const double MostAllowedMicroseconds = 100_000;
    private const double SpreadAllowance = 2;
    private const double AfterOverflow = 0.7;
    private const double AfterProbe = 1.1;
    private const double LeastScale = 0.1;

    private long _windowSinceMicroseconds;
    private long _momentMicroseconds;
    private int _moments;
    private long _windowSum;
    private int _windowCount;
    private long _windowLeast = long.MaxValue;
    private long _previousLeast;
    private double _scale = 1;
    private bool _hasOverflowed;               // since the last probe

    /// <summary>How far round trips of the same moment differ: what a path adds that is no queue, bunches and pauses.</summary>
    public double SpreadMicroseconds { get; private set; }

    /// <summary>The least round trip of the last window or two: what everything had to wait.</summary>
    private long LeastMicroseconds => Math.Min(_windowLeast, _previousLeast);

    public void Add(long roundTripMicroseconds, long nowMicroseconds)
    {
        if (nowMicroseconds - _momentMicroseconds >= MomentMicroseconds)
        {
            _momentMicroseconds = nowMicroseconds;
            _moments++;
        }

        if (_windowCount > 0 && _moments > WindowMoments && nowMicroseconds - _windowSinceMicroseconds > WindowMicroseconds)
        {
            SpreadMicroseconds += (((double)_windowSum / _windowCount) - _windowLeast - SpreadMicroseconds) / 8;
            _previousLeast = _windowLeast;
            _windowLeast = long.MaxValue;
            _windowSum = _windowCount = 0;
            _moments = 1;
            _windowSinceMicroseconds = nowMicroseconds;
        }

        _windowSum += roundTripMicroseconds;
        _windowCount++;
        _windowLeast = Math.Min(_windowLeast, roundTripMicroseconds);
    }

    /// <summary>Whether more stands there than may.</summary>
    public bool IsTooLong(long leastRoundTripMicroseconds, double bytesPerSecond)
    {
        var allowed = Math.Clamp(
            AllowedTimesRootOfBandwidth / Math.Sqrt(Math.Max(1, bytesPerSecond)), LeastAllowedMicroseconds, MostAllowedMicroseconds);
        return LeastMicroseconds - leastRoundTripMicroseconds > _scale * (allowed + (SpreadAllowance * SpreadMicroseconds));
    }

    /// <summary>A round lost what a path without a queue would not have.</summary>
    public void HandleOverflow()
    {
        _hasOverflowed = true;
        _scale = Math.Max(LeastScale, _scale * AfterOverflow);
    }

    /// <summary>Another probe for bandwidth begins.</summary>
    public void HandleProbe()
    {
        _scale = _hasOverflowed ? _scale : Math.Min(1, _scale * AfterProbe);
        _hasOverflowed = false;
    }

    public void Clear()
    {
        _windowSum = _windowCount = _moments = 0;
        _windowLeast = long.MaxValue;
        _previousLeast = 0;
        SpreadMicroseconds = 0;
        _scale = 1;
        _hasOverflowed = false;
    }
}
