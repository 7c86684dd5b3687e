namespace Proxy.Transport.Epoll;

/// <summary>
/// The loop on Linux's epoll: sockets as plain descriptors, registered once and edge-triggered, deadlines from the wait itself: never early,
/// late by the kernel's timer slack (about 50 µs) on an idle loop.
/// </summary>
internal sealed partial class EpollLoop : RunLoop
{
    private const int EventsPerWait = 256;
    private readonly EpollDescriptor _epoll = new(EventsPerWait);

    /// <summary>Starts the loop's thread.</summary>
    /// <exception cref="IOException">The system gives no epoll descriptor.</exception>
    public EpollLoop(string name, LoopSettings settings)
        : base(name, settings)
    {
        Pipes = new SplicePipes(this);
        Young = new YoungConnections(this);
        Reserve = DescriptorReserve.Keep(settings.ReservedDescriptors);
        Start();
    }

    public SplicePipes Pipes { get; }

    public DescriptorReserve Reserve { get; }

    public YoungConnections Young { get; }

    protected override int Wait(long microseconds) => _epoll.Wait(microseconds);

    protected override void RunEvents(int count)
    {
        for (var i = 0; i < count && !IsStopping; i++)
        {
            var (events, token) = _epoll.EventAt(i);
            if (_sources.Find(token) is { } source)
            {
                source.OnEvents(events);
                EndTurn();
            }
        }
    }

    protected override void Wake() => _epoll.Wake();

    protected override void CloseEverything()
    {
        foreach (var source in _sources.ToArray())
        {
            source.Dispose();
        }

        Pipes.CloseAll();
        _epoll.Dispose();
    }
}
