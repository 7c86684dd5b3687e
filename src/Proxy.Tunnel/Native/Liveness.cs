namespace Proxy.Tunnel.Native;

/// <summary>What <see cref="Liveness.HandleTimer"/> asks for.</summary>
internal enum LivenessStep
{
    Wait,

    /// <summary>Send a PING.</summary>
    SendPing,

    /// <summary>The peer may be gone: open nothing here for now. Said once for each silence.</summary>
    Suspect,

    /// <summary>The peer is gone.</summary>
    Dead,
}

/// <summary>
/// Watches one tunnel for silence. Quiet: a PING asks whether the peer is there, soon after traffic, else after the keepalive period.
/// Unanswered: suspect after a second or three probes' time, dead after half a minute. Anything authentic ends a silence. Microseconds.
/// </summary>
internal sealed class Liveness
{
    private const int ProbesUntilSuspect = 3;
    private const long LeastSuspectMicroseconds = 1_000_000;
    private const long SoonMicroseconds = 500_000;

    private readonly long _periodMicroseconds;
    private readonly long _deadAfterMicroseconds;
    private readonly Random _random;
    private long _pingMicroseconds;
    private long _jitteredPeriodMicroseconds;
    private long _waitingSinceMicroseconds;
    private bool _isWaiting;

    public Liveness(TimeSpan period, TimeSpan deadAfter, Random random, long nowMicroseconds)
    {
        _periodMicroseconds = (long)period.TotalMicroseconds;
        _deadAfterMicroseconds = (long)deadAfter.TotalMicroseconds;
        _random = random;
        Jitter();
        _pingMicroseconds = nowMicroseconds + _jitteredPeriodMicroseconds;
    }

    public bool IsSuspect { get; private set; }

    /// <summary>Anything authentic came. Gives whether that cleared a suspicion.</summary>
    /// <param name="hasTraffic">Whether bytes of streams moved since the last PING.</param>
    /// <param name="isWaiting">Whether something is still unanswered.</param>
    public bool HandleHeard(bool hasTraffic, bool isWaiting, long nowMicroseconds)
    {
        var wasSuspect = IsSuspect;
        IsSuspect = false;
        _isWaiting = isWaiting;
        _waitingSinceMicroseconds = nowMicroseconds;
        _pingMicroseconds = nowMicroseconds + (hasTraffic ? SoonMicroseconds : _jitteredPeriodMicroseconds);
        return wasSuspect;
    }

    /// <summary>For how long something has been unanswered; 0 when nothing is.</summary>
    public long SilenceMicroseconds(long nowMicroseconds) => _isWaiting ? nowMicroseconds - _waitingSinceMicroseconds : 0;

    /// <summary>Something left that the peer has to answer.</summary>
    public void HandleSent(long nowMicroseconds)
    {
        if (!_isWaiting)
        {
            _isWaiting = true;
            _waitingSinceMicroseconds = nowMicroseconds;
        }
    }

    /// <summary>There is reason to doubt: a PING is due now, unless something is unanswered anyway.</summary>
    public void AskNow(long nowMicroseconds)
    {
        if (!_isWaiting)
        {
            _pingMicroseconds = Math.Min(_pingMicroseconds, nowMicroseconds);
        }
    }

    /// <param name="probes">Probes sent since the peer was last heard.</param>
    /// <param name="probeTimeoutMicroseconds">How long an answer takes at most, as far as we know.</param>
    /// <param name="nowMicroseconds">The present.</param>
    public LivenessStep HandleTimer(int probes, long probeTimeoutMicroseconds, long nowMicroseconds)
    {
        if (_isWaiting)
        {
            var silence = nowMicroseconds - _waitingSinceMicroseconds;
            if (silence >= _deadAfterMicroseconds)
            {
                return LivenessStep.Dead;
            }

            if (!IsSuspect && probes >= ProbesUntilSuspect && silence >= Math.Max(LeastSuspectMicroseconds, 3 * probeTimeoutMicroseconds))
            {
                IsSuspect = true;
                return LivenessStep.Suspect;
            }

            return LivenessStep.Wait;
        }

        if (nowMicroseconds < _pingMicroseconds)
        {
            return LivenessStep.Wait;
        }

        Jitter();
        _pingMicroseconds = nowMicroseconds + _jitteredPeriodMicroseconds;
        return LivenessStep.SendPing;
    }

    /// <summary>When to call <see cref="HandleTimer"/>; it is asked after each probe too.</summary>
    public long DeadlineMicroseconds => _isWaiting ? _waitingSinceMicroseconds + _deadAfterMicroseconds : _pingMicroseconds;

    /// <summary>When a peer that has been asked often enough becomes suspect; null: it has not been, or is already.</summary>
    public long? SuspectDueMicroseconds(int probes, long probeTimeoutMicroseconds) => _isWaiting && !IsSuspect && probes >= ProbesUntilSuspect
        ? _waitingSinceMicroseconds + Math.Max(LeastSuspectMicroseconds, 3 * probeTimeoutMicroseconds)
        : null;

    private void Jitter() => _jitteredPeriodMicroseconds = (long)(_periodMicroseconds * (0.9 + (0.2 * _random.NextDouble())));
}
