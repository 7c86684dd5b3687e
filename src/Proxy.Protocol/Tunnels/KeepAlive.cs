namespace Proxy.Protocol.Tunnels;

/// <summary>What <see cref="KeepAlive.HandleTimer"/> asks for.</summary>
public enum KeepAliveStep
{
    /// <summary>Nothing is due; ask for the deadline again.</summary>
    Wait,

    /// <summary>Send a PING with <see cref="KeepAlive.PingId"/>, before everything that is queued.</summary>
    SendPing,

    /// <summary>The peer is silent for good. Said once.</summary>
    Dead,
}

/// <summary>
/// Watches one ready tunnel for silence: PING after a quiet period, then again after each timeout, dead after the last miss. Any sign of
/// life, not only the PING's answer, starts a new quiet period.
/// Time is microseconds of any monotonic clock, passed in. Call <see cref="HandleTimer"/> when <see cref="DeadlineMicroseconds"/> is reached;
/// signs of life are cheap to report and only move the deadline back. Not thread-safe.
/// </summary>
public sealed class KeepAlive
{
    private readonly long _periodMicroseconds;
    private readonly long _timeoutMicroseconds;
    private readonly int _misses;
    private long _pingSentMicroseconds;
    private long _lifeMicroseconds;   // the last sign of life
    private int _unanswered;          // PINGs that counted since then
    private bool _isAsked;            // whether any PING went out since then
    private bool _isEarly;            // whether the deadline is that of a PING ahead of the period, which does not count as missed

    public KeepAlive(TimeSpan period, TimeSpan timeout, int misses, long nowMicroseconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(misses, 1);
        _periodMicroseconds = ToMicroseconds(period);
        _timeoutMicroseconds = ToMicroseconds(timeout);
        _misses = misses;
        _lifeMicroseconds = nowMicroseconds;
        DeadlineMicroseconds = nowMicroseconds + _periodMicroseconds;
    }

    /// <summary>With the numbers of <see cref="TunnelTimes"/>.</summary>
    public KeepAlive(long nowMicroseconds)
        : this(TunnelTimes.KeepAlivePeriod, TunnelTimes.KeepAliveTimeout, TunnelTimes.KeepAliveMisses, nowMicroseconds)
    {
    }

    /// <summary>When to call <see cref="HandleTimer"/> next; <see cref="long.MaxValue"/> once dead.</summary>
    public long DeadlineMicroseconds { get; private set; }

    /// <summary>The id of the latest PING; the first is 1, as vproxy counts.</summary>
    public long PingId { get; private set; }

    /// <summary>From the latest answered PING to its answer; null before the first.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>Whether a PING is out and nothing was heard since.</summary>
    public bool IsWaiting => _isAsked;

    public KeepAliveStep HandleTimer(long nowMicroseconds)
    {
        if (nowMicroseconds < DeadlineMicroseconds || DeadlineMicroseconds == long.MaxValue)
        {
            return KeepAliveStep.Wait;
        }

        if (_unanswered == _misses)
        {
            DeadlineMicroseconds = long.MaxValue;
            return KeepAliveStep.Dead;
        }

        _isAsked = true;
        PingId++;
        _pingSentMicroseconds = nowMicroseconds;
        if (_isEarly)
        {
            _isEarly = false;
            DeadlineMicroseconds = Math.Max(_lifeMicroseconds + _periodMicroseconds, nowMicroseconds + 1);
        }
        else
        {
            _unanswered++;
            DeadlineMicroseconds = nowMicroseconds + _timeoutMicroseconds;
        }

        return KeepAliveStep.SendPing;
    }

    /// <summary>There is reason to doubt: a PING ahead of the period is due now, unless one is out already.</summary>
    public void AskNow(long nowMicroseconds)
    {
        if (!_isAsked)
        {
            _isEarly = true;
            DeadlineMicroseconds = Math.Min(DeadlineMicroseconds, nowMicroseconds);
        }
    }

    /// <summary>
    /// The peer is alive: a frame came, or its KCP acknowledged bytes in order (una moved). A mere datagram is no sign of life: a restarted
    /// vproxy server acknowledges segments that it can never deliver.
    /// </summary>
    /// <param name="hasTraffic">Whether payload moved since the last PING: then silence is asked about soon, once, and not only after the period.</param>
    public void HandleLife(long nowMicroseconds, bool hasTraffic = false)
    {
        if (DeadlineMicroseconds == long.MaxValue)
        {
            return;
        }

        _unanswered = 0;
        _isAsked = false;
        _isEarly = hasTraffic;
        _lifeMicroseconds = nowMicroseconds;
        DeadlineMicroseconds = nowMicroseconds + (hasTraffic ? SoonMicroseconds : _periodMicroseconds);
    }

    /// <summary>The answer to a PING came, which is life; one with another id than the latest measures nothing.</summary>
    public void HandleAcknowledge(long pingId, long nowMicroseconds)
    {
        if (pingId == PingId && _isAsked)
        {
            RoundTrip = TimeSpan.FromMicroseconds(nowMicroseconds - _pingSentMicroseconds);
        }

        HandleLife(nowMicroseconds);
    }

    private static long SoonMicroseconds => ToMicroseconds(TunnelTimes.KeepAliveAfterTraffic);

    private static long ToMicroseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
