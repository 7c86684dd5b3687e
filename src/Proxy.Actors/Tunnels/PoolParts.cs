using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>
/// The tunnels of one pool that live on one loop, with the actor that keeps them up. The connections that go through them live there too, so
/// that bytes pass between socket and tunnel by span. Who needs a tunnel asks here for the actor each time: other settings make another one. One
/// thread replaces, any reads.
/// </summary>
internal sealed class PoolPart(IActorRef actor, LoopDispatcher dispatcher, PoolLoad load)
{
    private volatile IActorRef _actor = actor;
    private volatile PoolLoad _load = load;

    /// <summary>The part of a pool that lives on that loop.</summary>
    public static PoolPart On(Transport.IIoLoop loop, IReadOnlyList<PoolPart> parts) =>
        parts.First(part => ReferenceEquals(part.Dispatcher.Loop, loop));

    /// <summary>The <see cref="TunnelPoolActor"/> of now.</summary>
    public IActorRef Actor => _actor;

    public LoopDispatcher Dispatcher { get; } = dispatcher;

    public PoolLoad Load => _load;

    public void Replace(IActorRef successor, PoolLoad load) => (_actor, _load) = (successor, load);
}

/// <summary>How many tunnels of a part take streams now. Written on its loop, read on any, a moment late.</summary>
internal sealed class PoolLoad
{
    private volatile int _openTunnels;

    public int OpenTunnels
    {
        get => _openTunnels;
        set => _openTunnels = value;
    }
}

/// <summary>
/// Which part of a pool each connection of a frontend goes to: those that have a tunnel which takes streams, in turn; where none has one, all in
/// turn, and it waits there. For one thread.
/// </summary>
internal sealed class PoolParts(IReadOnlyList<PoolPart> parts)
{
    private int _next;

    public PoolPart Next()
    {
        var first = _next;
        _next = (first + 1) % parts.Count;
        for (var step = 0; step < parts.Count; step++)
        {
            var part = parts[(first + step) % parts.Count];
            if (part.Load.OpenTunnels > 0)
            {
                _next = (first + step + 1) % parts.Count;
                return part;
            }
        }

        return parts[first];
    }
}
