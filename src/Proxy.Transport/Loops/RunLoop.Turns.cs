namespace Proxy.Transport;

internal abstract partial class RunLoop
{
    // Another loop that this one gives work to is woken when there is a little more of it, or when this one has nothing else to do: a sleep
    // and a wake-up cost as much as a dozen turns.
    private const int TurnsBeforeWaking = 16;
    private readonly List<RunLoop> _toWake = [];
    private int _turnsUnwoken;

    /// <summary>A turn is over. The clock is read once: the end of a turn is the beginning of the next.</summary>
    protected void EndTurn()
    {
        var endMicroseconds = MonotonicClock.NowMicroseconds();
        Counters.Turns++;
        var lengthMicroseconds = endMicroseconds - _nowMicroseconds;
        if (lengthMicroseconds > LoopCounters.SlowTurnMicroseconds)
        {
            Counters.SlowTurns++;
            LoopLog.SlowTurn(Settings.Logger, Name, lengthMicroseconds);
        }

        _nowMicroseconds = endMicroseconds;
        if (_toWake.Count > 0 && ++_turnsUnwoken == TurnsBeforeWaking)
        {
            WakeOthers();
        }
    }

    private void RunDueDeadlines()
    {
        var settingsBefore = _deadlines.Settings;
        var nowMicroseconds = _nowMicroseconds;
        while (_deadlines.TryTakeDue(nowMicroseconds, settingsBefore, out var callback))
        {
            try
            {
                callback();
            }
            catch (Exception failure)
            {
                ReportFailure(failure);
            }

            EndTurn();
        }
    }

    private void RunReady()
    {
        TakePosted();
        for (var left = PostsPerRound; left > 0 && _ready.TryDequeue(out var work); left--)
        {
            try
            {
                work.Execute();
            }
            catch (Exception failure)
            {
                ReportFailure(failure);
            }

            EndTurn();
        }
    }

    private void TakePosted()
    {
        while (_posted.TryDequeue(out var work))
        {
            _ready.Enqueue(work);
        }
    }

    private int WaitUnlessReady()
    {
        var microseconds = MicrosecondsToWait();
        var count = microseconds == 0 ? Wait(0) : Sleep(microseconds);
        _nowMicroseconds = MonotonicClock.NowMicroseconds();
        return count;
    }

    // "Asleep" is said before the queue is looked at again, and a poster looks at it after it has queued: one of the two sees the other.
    private int Sleep(long microseconds)
    {
        Interlocked.Exchange(ref _isAsleep, 1);
        var mayHaveWork = !_posted.IsEmpty || IsStopping;
        var count = Wait(mayHaveWork ? 0 : microseconds);
        Volatile.Write(ref _isAsleep, 0);
        return count;
    }

    // The clock of the last turn is old by at most the time since then, and the wait is then too long by as much; so it is read again.
    private long MicrosecondsToWait()
    {
        if (_ready.Count > 0)
        {
            return 0;
        }

        var dueMicroseconds = _deadlines.NextDueMicroseconds;
        return dueMicroseconds == long.MaxValue ? long.MaxValue : Math.Max(0, dueMicroseconds - MonotonicClock.NowMicroseconds());
    }

    /// <summary>There is posted work. <paramref name="poster"/> is the loop that this thread belongs to, if it is one's.</summary>
    private void WakeFrom(RunLoop? poster)
    {
        if (poster is null)
        {
            WakeIfAsleep();
        }
        else if (!poster._toWake.Contains(this))
        {
            poster._toWake.Add(this);
        }
    }

    private void WakeOthers()
    {
        foreach (var loop in _toWake)
        {
            loop.WakeIfAsleep();
        }

        _toWake.Clear();
        _turnsUnwoken = 0;
    }

    private void WakeIfAsleep()
    {
        if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            Wake();
        }
    }
}
