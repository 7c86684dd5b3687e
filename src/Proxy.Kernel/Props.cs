namespace Proxy.Kernel;

/// <summary>
/// How to make an actor, immutable and reusable. The factory runs on the actor's dispatcher, once per start and once per restart, and must return
/// a new instance each time.
/// </summary>
public sealed record Props
{
    private Props(Func<ActorBase> factory)
    {
        Factory = factory;
    }

    /// <summary>Where the actor runs; null inherits the parent's. (Akka takes the system's default: here the children of an I/O loop's actor
    /// live on that loop, on purpose.)</summary>
    public MessageDispatcher? Dispatcher { get; private init; }

    /// <summary>User messages that may wait; more go to dead letters. Null: unbounded, for actors whose senders are bounded themselves.</summary>
    public int? MailboxCapacity { get; private init; }

    /// <summary>Messages that may be stashed.</summary>
    public int StashCapacity { get; private init; } = DefaultStashCapacity;

    /// <summary>How this actor supervises its children; null asks the actor's own <c>SupervisorStrategy()</c>.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; private init; }

    internal Func<ActorBase> Factory { get; }

    public static Props Create(Func<ActorBase> factory) => new(factory);

    public static Props Create<TActor>()
        where TActor : ActorBase, new() => new(static () => new TActor());

    public Props WithDispatcher(MessageDispatcher dispatcher) => this with { Dispatcher = dispatcher };

    public Props WithMailboxCapacity(int messages)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(messages);
        return this with { MailboxCapacity = messages };
    }

    public Props WithStashCapacity(int messages)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(messages);
        return this with { StashCapacity = messages };
    }

    public Props WithSupervisorStrategy(SupervisorStrategy strategy) => this with { SupervisorStrategy = strategy };

    /// <summary>A stash holds what arrives during one wait (a dial, a handshake); a thousand waiting should have been refused.</summary>
    private const int DefaultStashCapacity = 1000;
}
