using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>
/// The tunnels of one name, as connections use them: asked anew each time, for other settings make other tunnels. All of them live on one loop,
/// with the connections that go through them, so that bytes pass between them by span. One thread replaces, any reads.
/// </summary>
internal sealed class TunnelPool(IActorRef actor, LoopDispatcher dispatcher)
{
    private volatile IActorRef _current = actor;

    /// <summary>The <see cref="TunnelPoolActor"/> of now.</summary>
    public IActorRef Current => _current;

    public LoopDispatcher Dispatcher { get; } = dispatcher;

    public void Replace(IActorRef successor) => _current = successor;
}
