using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>A set of chains, for whoever needs one of them: asks here for the actor each time, as other settings make another. One thread replaces, any reads.</summary>
internal sealed class ChainSetPart(IActorRef actor)
{
    private volatile IActorRef _actor = actor;

    /// <summary>The <see cref="ChainSetActor"/> of now.</summary>
    public IActorRef Actor => _actor;

    /// <summary>Who had found the one before is sent on.</summary>
    public void Replace(IActorRef successor)
    {
        var before = _actor;
        _actor = successor;
        before.Tell(new ChainSetActor.Retire(successor));
    }
}
