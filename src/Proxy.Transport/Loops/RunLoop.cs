using System.Collections.Concurrent;
using System.Net;

namespace Proxy.Transport;

/// <summary>
/// What a loop is whatever the backend: one background thread with a run queue, deadlines, and a count of what it does. A backend adds how
/// to wait for its sockets.
/// </summary>
/// <remarks>
/// A turn is one callback. A round is the due deadlines, at most <see cref="PostsPerRound"/> posts, and what one wait brought, so none of
/// them starves the others. <see cref="Dispose"/> stops the thread, resets the channels and closes the rest, without another handler call; it
/// waits for the thread unless it is called on it. Work posted later is dropped.
/// </remarks>
internal abstract partial class RunLoop : IIoLoop, IDisposable
{
    private const int PostsPerRound = 64;

    [ThreadStatic]
    private static RunLoop? _current;

    private readonly Thread _thread;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly Queue<IThreadPoolWorkItem> _ready = new();
    private readonly DeadlineQueue _deadlines = new();
    private int _isAsleep;
    private bool _isStopping;
    private long _nowMicroseconds;

    protected RunLoop(string name, LoopSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.ReadBufferBytes < LoopSettings.SmallestReadBufferBytes)
        {
            throw new ArgumentException($"The read buffer has {settings.ReadBufferBytes} bytes.", nameof(settings));
        }

        (Name, Settings) = (name, settings);
        ReadBuffer = GC.AllocateUninitializedArray<byte>(settings.ReadBufferBytes, pinned: true);
        _nowMicroseconds = MonotonicClock.NowMicroseconds();
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    public string Name { get; }

    public bool IsCurrent => _current == this;

    public long NowMicroseconds => _nowMicroseconds;

    /// <summary>What this loop has open and has done; readable from any thread.</summary>
    public LoopCounters Counters { get; } = new();

    public LoopSettings Settings { get; }

    /// <summary>Pinned: its address may be given to the kernel as it is.</summary>
    public byte[] ReadBuffer { get; }

    protected bool IsStopping => Volatile.Read(ref _isStopping);

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

        if (!IsStopping)
        {
            _posted.Enqueue(work);
            WakeFrom(_current);
        }
    }

    public IDeadline CreateDeadline(Action callback) => _deadlines.Create(callback);

    public abstract bool TryListen(
        IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault);

    public abstract IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler);

    public abstract IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler);

    public abstract bool TryOpenUdp(
        IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault);

    public void Dispose()
    {
        Volatile.Write(ref _isStopping, true);
        WakeIfAsleep();
        if (!IsCurrent)
        {
            _thread.Join();
        }
    }

    public void ReportFailure(Exception failure)
    {
        Counters.HandlerFailures++;
        LoopLog.HandlerFailed(Settings.Logger, Name, failure);
    }

    /// <summary>The backend is made: the thread begins.</summary>
    protected void Start() => _thread.Start();

    /// <summary>
    /// Waits until there is something to do for a socket, until <see cref="Wake"/>, or until the time is over; <see cref="long.MaxValue"/> is
    /// for ever. Gives what <see cref="RunEvents"/> is to be told.
    /// </summary>
    protected abstract int Wait(long microseconds);

    /// <summary>Turns for what the last <see cref="Wait"/> brought.</summary>
    protected abstract void RunEvents(int count);

    /// <summary>Ends a wait, or the next one. From any thread, even when the loop has ended.</summary>
    protected abstract void Wake();

    /// <summary>The loop ends: whatever is open is closed, and no handler is told.</summary>
    protected abstract void CloseEverything();

    private void Run()
    {
        _current = this;
        while (!IsStopping)
        {
            RunDueDeadlines();
            RunReady();
            WakeOthers();
            RunEvents(WaitUnlessReady());
        }

        CloseEverything();
        WakeOthers();
    }
}
