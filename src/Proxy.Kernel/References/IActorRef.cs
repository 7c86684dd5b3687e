namespace Proxy.Kernel;

/// <summary>
/// The address of one actor. Thread-safe, compared by reference, valid for ever: what is told to an actor that has stopped goes to dead letters.
/// Messages from one sender to one receiver arrive in the order in which they were told.
/// </summary>
public interface IActorRef
{
    ActorPath Path { get; }

    /// <summary>Puts the message into the actor's mailbox and returns; never blocks, never throws for a stopped or full receiver.</summary>
    void Tell(object message, IActorRef? sender);
}

/// <summary>What the kernel itself asks of a reference besides telling.</summary>
internal interface IInternalActorRef : IActorRef
{
    ActorSystem System { get; }

    void SendSystem(SystemMessage message);
}
