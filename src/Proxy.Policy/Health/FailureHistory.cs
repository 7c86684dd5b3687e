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

    // A server that accepts and resets succeeds and fails by turns: what resets the one row must not reset the other.
    private readonly FailureRow _notConnected;
    private readonly FailureRow _resetEarly;
    private long _halfStartedAt;
    private (int Failures, int Outcomes) _currentHalf;
    private (int Failures, int Outcomes) _previousHalf;

    private int _ejections;
    private long _inServiceSince;

    public FailureHistory(EjectionSettings settings)
    {
        _settings = settings;
        _windowMicroseconds = Microseconds(settings.Window);
        _notConnected = new FailureRow(settings.ConsecutiveFailures, _windowMicroseconds);
        _resetEarly = new FailureRow(settings.ConsecutiveFailures, _windowMicroseconds);
    }

    /// <summary>Any outcome, as it comes.</summary>
    public void Handle(ServerOutcome outcome, long nowMicroseconds)
    {
        switch (outcome)
        {
            case ServerOutcome.Success:
                _notConnected.Clear();
                Count(failures: 0, outcomes: 1, nowMicroseconds);
                break;
            case ServerOutcome.Answered:
                _resetEarly.Clear();
                break;
            case ServerOutcome.ResetEarly:
                // It was counted when it was connected.
                _resetEarly.Add(nowMicroseconds);
                Count(failures: 1, outcomes: 0, nowMicroseconds);
                break;
            default:
                _notConnected.Add(nowMicroseconds);
                Count(failures: 1, outcomes: 1, nowMicroseconds);
                break;
        }
    }

    /// <summary>After a failure: why the server is to be ejected now; null: it is good enough.</summary>
    public string? Judge(long nowMicroseconds)
    {
        if (_notConnected.IsFull(nowMicroseconds) || _resetEarly.IsFull(nowMicroseconds))
        {
            return $"{_settings.ConsecutiveFailures} failures in a row";
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
        _notConnected.Clear();
        _resetEarly.Clear();
        _currentHalf = default;
        _previousHalf = default;
    }

    private void Count(int failures, int outcomes, long nowMicroseconds)
    {
        var half = Math.Max(1, _windowMicroseconds / 2);
        var passed = (nowMicroseconds - _halfStartedAt) / half;
        if (passed > 0)
        {
            _previousHalf = passed == 1 ? _currentHalf : default;
            _currentHalf = default;
            _halfStartedAt += passed * half;
        }

        _currentHalf = (_currentHalf.Failures + failures, _currentHalf.Outcomes + outcomes);
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
