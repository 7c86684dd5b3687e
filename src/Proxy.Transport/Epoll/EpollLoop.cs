using System.Collections.Concurrent;

namespace Proxy.Transport.Epoll;

/// <summary>
/// The loop on Linux's epoll: one background thread, sockets as plain descriptors registered once and edge-triggered, deadlines from the
/// wait itself, a run queue of its own for what is posted.
/// </summary>
/// <remarks>
/// Deadlines: never early, late by the kernel's timer slack (about 50 µs) on an idle loop. A turn is one callback; a round is the due
/// deadlines, at most <see cref="PostsPerRound"/> posts and the events of one wait, so neither starves the others.
/// <see cref="Dispose"/> stops the thread, resets the channels and closes the rest, without another handler call; it waits for the thread
/// unless it is called on it. Work posted later is dropped.
/// </remarks>
public sealed partial class EpollLoop : IIoLoop, IDisposable
{
    private const int PostsPerRound = 64;
    private const int EventsPerWait = 256;
    private readonly LoopSettings _settings;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly Queue<IThreadPoolWorkItem> _ready = new();
    private readonly DeadlineQueue _deadlines = new();
    private readonly EpollDescriptor _epoll = new(EventsPerWait);
    private int _isAsleep;
    private bool _isStopping;
    private long _nowMicroseconds;

    /// <summary>Starts the loop's thread.</summary>
    /// <exception cref="IOException">The system gives no epoll descriptor.</exception>
    public EpollLoop(string name, LoopSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.ReadBufferBytes < LoopSettings.SmallestReadBufferBytes)
        {
            throw new ArgumentException($"The read buffer has {settings.ReadBufferBytes} bytes.", nameof(settings));
        }

        (Name, _settings) = (name, settings);
        ReadBuffer = GC.AllocateUninitializedArray<byte>(settings.ReadBufferBytes, pinned: true);
        Pipes = new SplicePipes(this);
        _nowMicroseconds = MonotonicClock.NowMicroseconds();
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    public string Name { get; }

    public bool IsCurrent => Thread.CurrentThread == _thread;

    public long NowMicroseconds => _nowMicroseconds;

    /// <summary>What this loop has open and has done; readable from any thread.</summary>
    public LoopCounters Counters { get; } = new();

    /// <summary>Pinned: its address may be given to the kernel as it is.</summary>
    internal byte[] ReadBuffer { get; }

    internal LoopSettings Settings => _settings;

    internal SplicePipes Pipes { get; }

    public void Post(IThreadPoolWorkItem work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (IsCurrent)
        {
            // What others posted before goes first: posts are run in one order.
            TakePosted();
            _ready.Enqueue(work);
            return;
        }

        if (!Volatile.Read(ref _isStopping))
        {
            _posted.Enqueue(work);
            Wake();
        }
    }

    public IDeadline CreateDeadline(Action callback) => _deadlines.Create(callback);

    public void Dispose()
    {
        Volatile.Write(ref _isStopping, true);
        Wake();
        if (!IsCurrent)
        {
            _thread.Join();
        }
    }

    internal void ReportFailure(Exception failure)
    {
        Counters.HandlerFailures++;
        EpollLog.HandlerFailed(_settings.Logger, Name, failure);
    }

    private void Run()
    {
        while (!Volatile.Read(ref _isStopping))
        {
            RunDueDeadlines();
            RunReady();
            RunEvents(WaitForEvents());
        }

        CloseEverything();
        _epoll.Dispose();
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

    private void RunEvents(int count)
    {
        for (var i = 0; i < count && !_isStopping; i++)
        {
            var (events, token) = _epoll.EventAt(i);
            if (_sources.Find(token) is { } source)
            {
                source.OnEvents(events);
                EndTurn();
            }
        }
    }

    private void TakePosted()
    {
        while (_posted.TryDequeue(out var work))
        {
            _ready.Enqueue(work);
        }
    }

    // The clock is read once: the end of a turn is the beginning of the next.
    private void EndTurn()
    {
        var endMicroseconds = MonotonicClock.NowMicroseconds();
        Counters.Turns++;
        var lengthMicroseconds = endMicroseconds - _nowMicroseconds;
        if (lengthMicroseconds > LoopCounters.SlowTurnMicroseconds)
        {
            Counters.SlowTurns++;
            EpollLog.SlowTurn(_settings.Logger, Name, lengthMicroseconds);
        }

        _nowMicroseconds = endMicroseconds;
    }

    private int WaitForEvents()
    {
        var microseconds = MicrosecondsToWait();
        var count = microseconds == 0 ? _epoll.Wait(0) : Sleep(microseconds);
        _nowMicroseconds = MonotonicClock.NowMicroseconds();
        return count;
    }

    // "Asleep" is said before the queue is looked at again, and a poster looks at it after it has queued: one of the two sees the other.
    private int Sleep(long microseconds)
    {
        Interlocked.Exchange(ref _isAsleep, 1);
        var mayHaveWork = !_posted.IsEmpty || Volatile.Read(ref _isStopping);
        var count = _epoll.Wait(mayHaveWork ? 0 : microseconds);
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

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            _epoll.Wake();
        }
    }
}
