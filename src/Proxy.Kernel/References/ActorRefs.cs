namespace Proxy.Kernel;

/// <summary>The short forms of telling, and the references that are nobody's mailbox.</summary>
public static class ActorRefs
{
    /// <summary>The sender of a message that nobody should answer; replies to it are dead letters.</summary>
    public static IActorRef? NoSender => null;

    /// <summary>Tells as the actor whose handler runs on this thread, or without a sender outside of any handler.</summary>
    public static void Tell(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Self);

    /// <summary>Passes the message on under its first sender, so that the receiver answers that one.</summary>
    public static void Forward(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.SenderOrNull);
}
