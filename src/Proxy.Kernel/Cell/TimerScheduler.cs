namespace Proxy.Kernel;

/// <summary>
/// The timers of one actor. The generation of a key is the timer object itself: its tick carries that object, and is dropped on arrival if the
/// key has none or another by then.
/// </summary>
internal sealed class TimerScheduler : ITimerScheduler
{
    private readonly TimeProvider _time;
    private readonly Mailbox _mailbox;
    private readonly Dictionary<object, ActorTimer> _timers = [];

    public TimerScheduler(TimeProvider time, Mailbox mailbox)
    {
        _time = time;
        _mailbox = mailbox;
    }

    public void StartSingleTimer(object key, object message, TimeSpan timeout) =>
        Start(key, message, timeout, Timeout.InfiniteTimeSpan);

    public void StartPeriodicTimer(object key, object message, TimeSpan interval) =>
        Start(key, message, interval, interval);

    public void StartPeriodicTimer(object key, object message, TimeSpan initialDelay, TimeSpan interval) =>
        Start(key, message, initialDelay, interval);

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer))
        {
            timer.Dispose();
        }
    }

    public void CancelAll()
    {
        foreach (var timer in _timers.Values)
        {
            timer.Dispose();
        }

        _timers.Clear();
    }

    /// <summary>Whether the tick belongs to the present timer of its key; a single timer is used up by this.</summary>
    public bool TryAccept(ActorTimer timer)
    {
        if (!_timers.TryGetValue(timer.Key, out var present) || present != timer)
        {
            return false;
        }

        if (!timer.IsPeriodic)
        {
            Cancel(timer.Key);
        }

        return true;
    }

    private void Start(object key, object message, TimeSpan delay, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Cancel(key);
        var timer = new ActorTimer(this, _mailbox, key, message, isPeriodic: period != Timeout.InfiniteTimeSpan);
        _timers.Add(key, timer);
        timer.Arm(_time, delay, period);
    }
}

/// <summary>One timer, and at the same time its tick in the mailbox.</summary>
internal sealed class ActorTimer : AutoReceivedMessage
{
    private readonly TimerScheduler _owner;
    private readonly Mailbox _mailbox;
    private ITimer? _timer;

    /// <summary>1 while a tick waits in the mailbox.</summary>
    private int _waits;

    public ActorTimer(TimerScheduler owner, Mailbox mailbox, object key, object message, bool isPeriodic)
    {
        _owner = owner;
        _mailbox = mailbox;
        Key = key;
        Message = message;
        IsPeriodic = isPeriodic;
    }

    public object Key { get; }

    public object Message { get; }

    public bool IsPeriodic { get; }

    public void Arm(TimeProvider time, TimeSpan delay, TimeSpan period) =>
        _timer = time.CreateTimer(static timer => ((ActorTimer)timer!).Fire(), this, delay, period);

    public bool TryAccept()
    {
        Volatile.Write(ref _waits, 0);
        return _owner.TryAccept(this);
    }

    public void Dispose() => _timer?.Dispose();

    public override string ToString() => $"<Timer {Key}>";

    private void Fire()
    {
        if (Interlocked.Exchange(ref _waits, 1) == 0)
        {
            _mailbox.PostUnbounded(new Envelope(this, null));
        }
    }
}
