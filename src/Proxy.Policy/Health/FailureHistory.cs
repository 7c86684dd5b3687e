namespace Proxy.Policy.Health;

/// <summary>
/// What one server's connections told lately, and how often that led to an ejection. Of fixed size; not thread-safe; time in microseconds.
/// The share of failures is taken over the running half of the window and the one before it, so it looks back between half a window and a
/// whole one.
/// </summary>
internal sealed class FailureHistory
{
    private readonly EjectionSettings _settings;
    private readonly long _windowMicroseconds;

    // The times of the last failures since a success, in a ring.
    private readonly long[] _failureTimes;
    private int _failuresInRow;
    private int _nextFailure;

    private long _halfStartedAt;
    private (int Failures, int Outcomes) _currentHalf;
    private (int Failures, int Outcomes) _previousHalf;

    private int _ejections;
    private long _inServiceSince;

    public FailureHistory(EjectionSettings settings)
    {
        _settings = settings;
        _windowMicroseconds = Microseconds(settings.Window);
        _failureTimes = new long[settings.ConsecutiveFailures];
    }

    public void HandleSuccess(long nowMicroseconds)
    {
        _failuresInRow = 0;
        Count(failures: 0, nowMicroseconds);
    }

    public void HandleFailure(long nowMicroseconds)
    {
        if (_failureTimes.Length > 0)
        {
            _failureTimes[_nextFailure] = nowMicroseconds;
            _nextFailure = (_nextFailure + 1) % _failureTimes.Length;
            _failuresInRow = Math.Min(_failuresInRow + 1, _failureTimes.Length);
        }

        Count(failures: 1, nowMicroseconds);
    }

    /// <summary>After a failure: why the server is to be ejected now; null: it is good enough.</summary>
    public string? Judge(long nowMicroseconds)
    {
        // With the ring full, the next place to be written holds the oldest time.
        var isRowFull = _failureTimes.Length > 0 && _failuresInRow == _failureTimes.Length;
        if (isRowFull && nowMicroseconds - _failureTimes[_nextFailure] <= _windowMicroseconds)
        {
            return $"{_failuresInRow} failures in a row";
        }

        var failures = _currentHalf.Failures + _previousHalf.Failures;
        var outcomes = _currentHalf.Outcomes + _previousHalf.Outcomes;
        return _settings.FailurePercent > 0 && failures > 0 && outcomes >= _settings.MinimumOutcomes
            && 100L * failures >= (long)_settings.FailurePercent * outcomes
                ? $"{failures} of {outcomes} connections failed"
                : null;
    }

    /// <summary>
    /// How long the ejection that begins now lasts: longer for each one before it, of which one is forgotten for every base time in service.
    /// </summary>
    public long NextEjectionMicroseconds(long nowMicroseconds)
    {
        var baseTime = Math.Max(1, Microseconds(_settings.BaseTime));
        var maximum = Microseconds(_settings.MaximumTime);
        _ejections = (int)Math.Max(0, _ejections - ((nowMicroseconds - _inServiceSince) / baseTime));

        // No further than the maximum reaches, or the way back would be longer than what it is the way back from.
        _ejections = (int)Math.Min(_ejections + 1, Math.Max(1, (maximum + baseTime - 1) / baseTime));
        return Math.Min(baseTime * _ejections, Math.Max(maximum, 1));
    }

    /// <summary>An ejection is over: what is remembered of it is only that it was.</summary>
    public void HandleReturned(long nowMicroseconds)
    {
        Clear();
        _inServiceSince = nowMicroseconds;
    }

    public void Clear()
    {
        _failuresInRow = 0;
        _currentHalf = default;
        _previousHalf = default;
    }

    private void Count(int failures, long nowMicroseconds)
    {
        var half = Math.Max(1, _windowMicroseconds / 2);
        var passed = (nowMicroseconds - _halfStartedAt) / half;
        if (passed > 0)
        {
            _previousHalf = passed == 1 ? _currentHalf : default;
            _currentHalf = default;
            _halfStartedAt += passed * half;
        }

        _currentHalf = (_currentHalf.Failures + failures, _currentHalf.Outcomes + 1);
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
