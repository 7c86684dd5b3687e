namespace Proxy.Policy.Health;

/// <summary>
/// When one server is checked, and what the results add up to; how a check is done does not matter here. Pure and not thread-safe; time in
/// microseconds.
/// <para>At <see cref="NextDeadlineMicroseconds"/> call <see cref="HandleDeadline"/> and do what it says; give every result, also that of a
/// check that timed out, to <see cref="HandleResult"/>. One check runs at a time, and a result without one is not counted.</para>
/// <para>Until the first result a server is held to be up, and that first result decides alone: a dead server does not stay in service for
/// several intervals after a start.</para>
/// </summary>
public sealed class CheckSchedule
{
    private readonly CheckSettings _settings;
    private readonly Random _random;
    private State _state;
    private int _contradictions;

    /// <summary>The first check comes within the first interval; <paramref name="random"/> spreads it and those after it.</summary>
    /// <param name="known">What checks under other settings have found before.</param>
    public CheckSchedule(CheckSettings settings, Random random, long nowMicroseconds, CheckVerdict known = CheckVerdict.Unknown)
    {
        Verdict = known;
        _settings = settings;
        _random = random;
        _state = new State.Waiting(nowMicroseconds + (long)(_random.NextDouble() * Microseconds(settings.Interval)));
    }

    public CheckVerdict Verdict { get; private set; }

    public long TotalPassed { get; private set; }

    public long TotalFailed { get; private set; }

    public long NextDeadlineMicroseconds => _state switch
    {
        State.Waiting waiting => waiting.UntilMicroseconds,
        State.Running running => running.DeadlineMicroseconds,
        _ => throw new InvalidOperationException($"No deadline in {_state}."),
    };

    /// <summary>What is to be done now; a check that is begun runs until its result was handled.</summary>
    public CheckAction HandleDeadline(long nowMicroseconds)
    {
        switch (_state)
        {
            case State.Waiting waiting when waiting.UntilMicroseconds <= nowMicroseconds:
                _state = new State.Running(nowMicroseconds, nowMicroseconds + Microseconds(_settings.Timeout));
                return CheckAction.Begin;
            case State.Running running when running.DeadlineMicroseconds <= nowMicroseconds:
                return CheckAction.TimeOut;
            default:
                return CheckAction.None;
        }
    }

    /// <summary>The running check passed or failed; the answer says whether the verdict is another one now.</summary>
    public bool HandleResult(bool hasPassed, long nowMicroseconds)
    {
        if (_state is not State.Running running)
        {
            return false;
        }

        TotalPassed += hasPassed ? 1 : 0;
        TotalFailed += hasPassed ? 0 : 1;
        var hasChanged = Weigh(hasPassed ? CheckVerdict.Up : CheckVerdict.Down);
        var interval = _contradictions > 0 ? _settings.FastInterval ?? _settings.Interval : _settings.Interval;
        _state = new State.Waiting(Math.Max(nowMicroseconds, running.StartedMicroseconds + Jitter(Microseconds(interval))));
        return hasChanged;
    }

    private bool Weigh(CheckVerdict result)
    {
        if (result == Verdict)
        {
            _contradictions = 0;
            return false;
        }

        _contradictions++;
        var needed = (Verdict, result) switch
        {
            (CheckVerdict.Unknown, _) => 1,
            (_, CheckVerdict.Up) => _settings.Up,
            _ => _settings.Down,
        };
        if (_contradictions < needed)
        {
            return false;
        }

        _contradictions = 0;
        Verdict = result;
        return true;
    }

    private long Jitter(long microseconds)
    {
        var between = (2 * _random.NextDouble()) - 1;
        return microseconds + (long)(microseconds * between * _settings.JitterPercent / 100);
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private abstract record State
    {
        public sealed record Waiting(long UntilMicroseconds) : State;

        public sealed record Running(long StartedMicroseconds, long DeadlineMicroseconds) : State;
    }
}

/// <summary>What the checks of a server add up to.</summary>
public enum CheckVerdict
{
    /// <summary>No result yet; served as if it were up.</summary>
    Unknown,

    Up,

    Down,
}

/// <summary>What the owner of a schedule has to do.</summary>
public enum CheckAction
{
    /// <summary>Wait for the next deadline.</summary>
    None,

    /// <summary>Begin a check.</summary>
    Begin,

    /// <summary>Give the running check up, then report it as failed.</summary>
    TimeOut,
}
