namespace Proxy.Tunnel.Native;

/// <summary>
/// What the path delivers: the largest measurement of ten round trips without a queue, and what the last probe found, nearly, for as long as
/// it takes to the next. Without that, who gives way to a queue that others fill would forget what is his; if start-up's finding were kept as
/// long, it would overfill the path for long. Bytes per second.
/// </summary>
internal sealed class ProbedBandwidth
{
    private const int Rounds = 10;

    // Others who probe just now must not push everything out that is older than a moment.
    private const long LeastRoundMicroseconds = 100_000;
    private const double ProbeShare = 0.97;

    private readonly RoundMaximum _recent = new(Rounds);
    private double _probed;
    private double _beingProbed;
    private long _roundSinceMicroseconds;

    /// <summary>0 before anything is known.</summary>
    public double Value => Math.Max(_recent.Value, ProbeShare * _probed);

    /// <param name="rate">Measured.</param>
    /// <param name="isProbing">Whether it tells what a probe found.</param>
    /// <param name="roundTripMicroseconds">Without a queue.</param>
    /// <param name="nowMicroseconds">When.</param>
    public void Add(double rate, bool isProbing, long roundTripMicroseconds, long nowMicroseconds)
    {
        if (nowMicroseconds - _roundSinceMicroseconds >= Math.Max(roundTripMicroseconds, LeastRoundMicroseconds))
        {
            _recent.EndRound();
            _roundSinceMicroseconds = nowMicroseconds;
        }

        _recent.Add(rate);
        _beingProbed = isProbing ? Math.Max(_beingProbed, rate) : _beingProbed;
    }

    /// <summary>What a probe found is known.</summary>
    public void EndProbe()
    {
        _probed = _beingProbed;
        _beingProbed = 0;
    }

    /// <summary>Nothing above the limit is believed any more.</summary>
    public void Cap(double limit)
    {
        _recent.Cap(limit);
        _probed = Math.Min(_probed, limit);
        _beingProbed = Math.Min(_beingProbed, limit);
    }

    /// <summary>What probes found is forgotten, but not what was measured last.</summary>
    public void ForgetProbes() => _probed = _beingProbed = 0;

    public void Clear()
    {
        _recent.Clear();
        ForgetProbes();
    }
}
