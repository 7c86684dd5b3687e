namespace Proxy.Kernel;

/// <summary>The base of what the kernel itself throws or hands to a supervisor.</summary>
public abstract class ActorException : Exception
{
    private protected ActorException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The actor could not be made or its <c>PreStart</c> failed. The default decider stops such an actor.</summary>
public sealed class ActorInitializationException : ActorException
{
    internal ActorInitializationException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The new instance of a restarted actor could not be made or its <c>PostRestart</c> failed.</summary>
public sealed class PostRestartException : ActorException
{
    internal PostRestartException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>The actor was told <see cref="Kill"/>.</summary>
public sealed class ActorKilledException : ActorException
{
    internal ActorKilledException(string message)
        : base(message)
    {
    }
}

/// <summary>A watched actor stopped and its watcher did not handle <see cref="Terminated"/>.</summary>
public sealed class DeathPactException : ActorException
{
    internal DeathPactException(IActorRef deadActor)
        : base($"Unhandled end of {deadActor.Path}, which this actor watches.")
    {
        DeadActor = deadActor;
    }

    public IActorRef DeadActor { get; }
}

/// <summary>The name is not allowed or already taken by a living child of the same parent.</summary>
public sealed class InvalidActorNameException : ActorException
{
    internal InvalidActorNameException(string message)
        : base(message)
    {
    }
}

/// <summary>More messages were stashed than the stash may hold.</summary>
public sealed class StashOverflowException : ActorException
{
    internal StashOverflowException(string message)
        : base(message)
    {
    }
}

/// <summary>No answer came to an <c>Ask</c> in time.</summary>
public sealed class AskTimeoutException : ActorException
{
    internal AskTimeoutException(string message)
        : base(message)
    {
    }
}
