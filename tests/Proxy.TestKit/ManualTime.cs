namespace Proxy.TestKit;

/// <summary>
/// A clock that moves only when told. Timers fire inside <see cref="Advance"/>, on the caller's thread, in order of due time and, at the
/// same time, in order of creation; a callback sees the clock at its own due time. Starts at an odd date, so that a test which quietly uses
/// the real clock fails always instead of rarely.
/// </summary>
public sealed class ManualTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2031, 4, 5, 6, 7, 8, TimeSpan.Zero);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(ManualTimer Timer, long Generation), (long DueTicks, long Order)> _due = new();
    private long _elapsedTicks;
    private long _order;

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Volatile.Read(ref _elapsedTicks));

    /// <summary>When the next timer is due, since the clock was made; null when none is armed.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
            {
                DropStale();
                return _due.TryPeek(out _, out var priority) ? TimeSpan.FromTicks(priority.DueTicks) : null;
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _elapsedTicks);

    public override DateTimeOffset GetUtcNow() => Start + Elapsed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock by <paramref name="duration"/>, stopping at each timer that falls due on the way.</summary>
    public void Advance(TimeSpan duration) => AdvanceTo(Elapsed + duration);

    /// <summary>Moves the clock to <paramref name="elapsed"/> since its start; a moment that has passed already moves nothing.</summary>
    public void AdvanceTo(TimeSpan elapsed)
    {
        while (TryTakeDue(elapsed.Ticks, out var timer))
        {
            timer.Fire();
        }

        lock (_lock)
        {
            _elapsedTicks = Math.Max(_elapsedTicks, elapsed.Ticks);
        }
    }

    private bool TryTakeDue(long untilTicks, out ManualTimer timer)
    {
        lock (_lock)
        {
            DropStale();
            if (!_due.TryPeek(out var entry, out var priority) || priority.DueTicks > untilTicks)
            {
                timer = null!;
                return false;
            }

            _due.Dequeue();
            _elapsedTicks = Math.Max(_elapsedTicks, priority.DueTicks);
            timer = entry.Timer;
            timer.Rearm();
            return true;
        }
    }

    private void DropStale()
    {
        while (_due.TryPeek(out var entry, out _) && entry.Generation != entry.Timer.Generation)
        {
            _due.Dequeue();
        }
    }

    private sealed class ManualTimer(ManualTime owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        /// <summary>Counts changes, so that an entry left in the queue by an earlier setting is known as stale.</summary>
        public long Generation { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._lock)
            {
                Generation++;
                _period = period;
                if (dueTime >= TimeSpan.Zero)
                {
                    Enqueue(dueTime);
                }

                return true;
            }
        }

        /// <summary>Called under the owner's lock when the timer was taken to be fired.</summary>
        public void Rearm()
        {
            Generation++;
            if (_period > TimeSpan.Zero)
            {
                Enqueue(_period);
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Enqueue(TimeSpan delay) =>
            owner._due.Enqueue((this, Generation), (owner._elapsedTicks + delay.Ticks, owner._order++));
    }
}
