using System.Collections.Concurrent;

namespace Proxy.Transport.Portable;

/// <summary>
/// The loop on .NET sockets: for systems without epoll, and under <see cref="System.Net.Security.SslStream"/>. One background thread with a
/// run queue; completions of sockets are posted to it, so no handler runs anywhere else.
/// </summary>
/// <remarks>
/// Deadlines: never early, at most about 1 ms late on an idle loop (the wait is in whole milliseconds, rounded up). A turn is one callback.
/// <see cref="Dispose"/> stops the thread, resets the channels and closes the rest, without another handler call; it waits for the thread
/// unless it is called on it. Work posted later is dropped.
/// </remarks>
public sealed partial class PortableLoop : IIoLoop, IDisposable
{
    // Callbacks between two looks at the deadlines.
    private const int TurnsPerRound = 64;
    private readonly PortableLoopSettings _settings;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly Queue<IThreadPoolWorkItem> _ready = new();
    private readonly DeadlineQueue _deadlines = new();
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 0);
    private int _isAsleep;
    private bool _isStopping;
    private long _nowMicroseconds;

    public PortableLoop(string name, PortableLoopSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.ReadBufferBytes < PortableLoopSettings.SmallestReadBufferBytes)
        {
            throw new ArgumentException($"The read buffer has {settings.ReadBufferBytes} bytes.", nameof(settings));
        }

        (Name, _settings) = (name, settings);
        ReadBuffer = GC.AllocateUninitializedArray<byte>(settings.ReadBufferBytes, pinned: true);
        _nowMicroseconds = MonotonicClock.NowMicroseconds();
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    public string Name { get; }

    public bool IsCurrent => Thread.CurrentThread == _thread;

    public long NowMicroseconds => _nowMicroseconds;

    /// <summary>What this loop has open and has done; readable from any thread.</summary>
    public LoopCounters Counters { get; } = new();

    internal byte[] ReadBuffer { get; }

    internal PortableLoopSettings Settings => _settings;

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
        PortableLog.HandlerFailed(_settings.Logger, Name, failure);
    }

    private void Run()
    {
        while (!Volatile.Read(ref _isStopping))
        {
            RunDueDeadlines();
            RunReady();
            if (_ready.Count == 0)
            {
                WaitForWork();
            }
        }

        CloseEverything();
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
        for (var left = Math.Min(_ready.Count, TurnsPerRound); left > 0; left--)
        {
            try
            {
                _ready.Dequeue().Execute();
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

    // The clock is read once: the end of a turn is the beginning of the next.
    private void EndTurn()
    {
        var endMicroseconds = MonotonicClock.NowMicroseconds();
        Counters.Turns++;
        var lengthMicroseconds = endMicroseconds - _nowMicroseconds;
        if (lengthMicroseconds > LoopCounters.SlowTurnMicroseconds)
        {
            Counters.SlowTurns++;
            PortableLog.SlowTurn(_settings.Logger, Name, lengthMicroseconds);
        }

        _nowMicroseconds = endMicroseconds;
    }

    private void WaitForWork()
    {
        var milliseconds = MillisecondsToWait();
        if (milliseconds != 0)
        {
            // "Asleep" is said before the queue is looked at again, and a poster looks at it after it has queued: one of the two sees the other.
            Interlocked.Exchange(ref _isAsleep, 1);
            if (_posted.IsEmpty && !Volatile.Read(ref _isStopping))
            {
                _wake.Wait(milliseconds);
            }

            Interlocked.Exchange(ref _isAsleep, 0);
            _wake.Reset();
        }

        _nowMicroseconds = MonotonicClock.NowMicroseconds();
    }

    private int MillisecondsToWait()
    {
        var dueMicroseconds = _deadlines.NextDueMicroseconds;
        if (dueMicroseconds == long.MaxValue)
        {
            return Timeout.Infinite;
        }

        var leftMicroseconds = Math.Max(0, dueMicroseconds - MonotonicClock.NowMicroseconds());
        return (int)Math.Min((leftMicroseconds + 999) / 1000, int.MaxValue);
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            _wake.Set();
        }
    }
}
