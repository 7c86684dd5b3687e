namespace Proxy.Policy.Chains;

/// <summary>
/// Which of several chains takes the next connection. Each is measured now and then; what it scores is weight × (1 − loss)³ ÷ round trip, the
/// seed's preference for little loss over little time. The chosen one stays until another was clearly better several measurements running, so
/// that two of a kind do not take turns; one that failed is left at once, and measured again after a time that grows. Chains are numbers from
/// 0. Pure and not thread-safe; time in microseconds.
/// </summary>
public sealed class ChainChooser
{
    // Below this, differences of the round trip are noise, and two chains on one machine are alike.
    private const double FloorMicroseconds = 2_000;

    // Of a new measurement; the older ones have the rest.
    private const double Share = 0.3;

    private readonly ChainChoiceSettings _settings;
    private readonly Chain[] _chains;

    /// <param name="weights">One per chain, each from 1.</param>
    public ChainChooser(IReadOnlyList<int> weights, ChainChoiceSettings settings, long nowMicroseconds)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfZero(weights.Count, nameof(weights));
        _settings = settings;
        _chains = [.. weights.Select(weight => new Chain(weight, nowMicroseconds))];
        Current = Best();
    }

    public int Count => _chains.Length;

    /// <summary>Where the next connection goes. When all have failed: the one that is tried again first.</summary>
    public int Current { get; private set; }

    /// <summary>When the next chain is due to be measured.</summary>
    public long NextDueMicroseconds => _chains.Min(chain => chain.DueMicroseconds);

    public ChainState StateOf(int chain) => _chains[chain].State(Score(_chains[chain]));

    /// <summary>The chains to be measured now; each is due again when its interval is over.</summary>
    public IReadOnlyList<int> TakeDue(long nowMicroseconds)
    {
        var due = new List<int>();
        for (var index = 0; index < _chains.Length; index++)
        {
            if (_chains[index].DueMicroseconds <= nowMicroseconds)
            {
                due.Add(index);
                _chains[index].DueMicroseconds = nowMicroseconds + Microseconds(_settings.Interval);
            }
        }

        return due;
    }

    /// <summary>A measurement came back; the answer says whether another chain is the current one now.</summary>
    /// <param name="loss">The share of probes that did not come back, 0 to 1.</param>
    public bool HandleMeasured(int chain, long roundTripMicroseconds, double loss, long nowMicroseconds)
    {
        var measured = _chains[chain];
        measured.Add(Math.Max(roundTripMicroseconds, 1), Math.Clamp(loss, 0, 1));
        if (HandleWorks(chain, nowMicroseconds))
        {
            return true;
        }

        if (chain == Current)
        {
            return false;
        }

        // One that was never measured is not known to be worse.
        var isBetter = Score(_chains[Current]) is { } current && Score(measured) is { } score && score >= current * _settings.Advantage;
        measured.TimesBetter = isBetter ? measured.TimesBetter + 1 : 0;
        return measured.TimesBetter >= _settings.Confirmations && SwitchTo(chain);
    }

    /// <summary>A connection came through it: it works, whatever was thought of it. The answer says whether another chain is the current one now.</summary>
    public bool HandleWorks(int chain, long nowMicroseconds)
    {
        var works = _chains[chain];
        if (works.HasFailed)
        {
            works.DueMicroseconds = Math.Min(works.DueMicroseconds, nowMicroseconds + Microseconds(_settings.Interval));
        }

        works.Failures = 0;
        return _chains[Current].HasFailed && SwitchTo(Best());
    }

    /// <summary>A connection or a measurement failed in it; the answer says whether another chain is the current one now.</summary>
    public bool HandleFailed(int chain, long nowMicroseconds)
    {
        var failed = _chains[chain];
        if (!failed.HasFailed || failed.RetryMicroseconds <= nowMicroseconds)
        {
            // A hundred connections that were in it when it broke are one failure.
            var wait = Math.Min(
                _settings.LongestRetry.TotalMicroseconds, _settings.FirstRetry.TotalMicroseconds * Math.Pow(2, Math.Min(failed.Failures, 30)));
            failed.Failures++;
            failed.RetryMicroseconds = nowMicroseconds + (long)wait;
            failed.DueMicroseconds = failed.RetryMicroseconds;
        }

        failed.TimesBetter = 0;
        return SwitchTo(_chains[Current].HasFailed ? Best() : Current);
    }

    private bool SwitchTo(int chain)
    {
        if (chain == Current)
        {
            return false;
        }

        Current = chain;
        foreach (var each in _chains)
        {
            each.TimesBetter = 0;
        }

        return true;
    }

    // Those that work before those that do not, the measured ones by their score, the others by weight; of equals the first.
    private int Best() => Enumerable.Range(0, _chains.Length)
        .OrderBy(index => _chains[index].HasFailed ? _chains[index].RetryMicroseconds : long.MinValue)
        .ThenByDescending(index => Score(_chains[index]) ?? 0)
        .ThenByDescending(index => _chains[index].Weight)
        .First();

    private static double? Score(Chain chain) => chain.RoundTripMicroseconds is { } time
        ? chain.Weight * Math.Pow(1 - chain.Loss, 3) * 1e6 / (time + FloorMicroseconds)
        : null;

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private sealed class Chain(int weight, long nowMicroseconds)
    {
        public int Weight { get; } = weight;

        public double? RoundTripMicroseconds { get; private set; }

        public double Loss { get; private set; }

        public int Failures { get; set; }

        public bool HasFailed => Failures > 0;

        public long RetryMicroseconds { get; set; }

        public long DueMicroseconds { get; set; } = nowMicroseconds;

        public int TimesBetter { get; set; }

        public void Add(double roundTrip, double loss)
        {
            Loss = RoundTripMicroseconds is null ? loss : Loss + (Share * (loss - Loss));
            RoundTripMicroseconds = RoundTripMicroseconds is { } before ? before + (Share * (roundTrip - before)) : roundTrip;
        }

        public ChainState State(double? score) => new(HasFailed, RoundTripMicroseconds is { } time ? (long)time : null, Loss, score);
    }
}

/// <summary>What is known of a chain.</summary>
/// <param name="HasFailed">Whether it is left alone for now.</param>
/// <param name="RoundTripMicroseconds">Null: not measured yet.</param>
/// <param name="Score">More is better; null: not measured yet.</param>
public readonly record struct ChainState(bool HasFailed, long? RoundTripMicroseconds, double Loss, double? Score);
