namespace Proxy.Kernel;

/// <summary>
/// A message in the user's queue that the kernel handles, at least first. A class and not an interface: the test is one comparison.
/// </summary>
public abstract class AutoReceivedMessage
{
    private protected AutoReceivedMessage()
    {
    }
}

/// <summary>Stops the actor when its turn in the mailbox comes: after all that was told before it, unlike <c>Stop</c>, which overtakes.</summary>
public sealed class PoisonPill : AutoReceivedMessage
{
    private PoisonPill()
    {
    }

    public static PoisonPill Instance { get; } = new();

    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes the actor fail with <see cref="ActorKilledException"/>, so that its supervisor decides; by default that stops it.</summary>
public sealed class Kill : AutoReceivedMessage
{
    private Kill()
    {
    }

    public static Kill Instance { get; } = new();

    public override string ToString() => "<Kill>";
}

/// <summary>
/// The watched actor has stopped. Delivered once per watch, never after <c>Unwatch</c>, and not for a restart. An actor that watches and leaves
/// this unhandled fails with <see cref="DeathPactException"/>.
/// </summary>
public sealed class Terminated : AutoReceivedMessage
{
    internal Terminated(IActorRef actorRef)
    {
        ActorRef = actorRef;
    }

    public IActorRef ActorRef { get; }

    public override string ToString() => $"<Terminated {ActorRef.Path}>";
}
