namespace Proxy.Kernel;

/// <summary>A behaviour that says whether it handled the message.</summary>
public delegate bool Receive(object message);

/// <summary>A behaviour that handles every message, or calls <c>Unhandled</c> itself.</summary>
public delegate void UntypedReceive(object message);

/// <summary>
/// One actor: state that only its own handlers touch, one message at a time. Handlers are synchronous and short and never block, least of all on
/// another actor: that one may be waiting for this very thread. Asynchronous work comes back as a message (<c>PipeTo(Self)</c>, timers).
/// A throw out of a handler suspends the actor and asks its supervisor.
/// </summary>
public abstract class ActorBase
{
    private readonly ActorCell _cell;

    protected ActorBase()
    {
        _cell = ActorCell.TakeConstructing()
            ?? throw new ActorInitializationException($"{GetType().Name} can only be made by the factory of its Props, once per call.");
    }

    /// <summary>This actor's reference, the same before and after a restart.</summary>
    protected IActorRef Self => _cell.Self;

    /// <summary>Who told the message that is being handled; dead letters if nobody.</summary>
    protected IActorRef Sender => _cell.Sender;

    /// <summary>To be used only from this actor's handlers and hooks.</summary>
    protected IActorContext Context => _cell;

    /// <summary>Whether the message was handled; what is not is unhandled.</summary>
    protected internal abstract bool Receive(object message);

    /// <summary>Before the first message; also after a restart, by the default <see cref="PostRestart"/>.</summary>
    protected internal virtual void PreStart()
    {
    }

    /// <summary>After the last message and after all children have stopped.</summary>
    protected internal virtual void PostStop()
    {
    }

    /// <summary>On the failed instance, before its successor is made. By default stops the children and cleans up as at the end.</summary>
    protected internal virtual void PreRestart(Exception reason, object? message)
    {
        foreach (var child in Context.Children)
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>On the new instance, before it takes the next message.</summary>
    protected internal virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>Asked when a child fails, unless the Props name a strategy.</summary>
    protected internal virtual SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.DefaultStrategy;

    /// <summary>
    /// Publishes the message as <see cref="UnhandledMessage"/>; an unhandled <see cref="Terminated"/> ends in <see cref="DeathPactException"/>.
    /// </summary>
    protected internal virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
        {
            throw new DeathPactException(terminated.ActorRef);
        }

        Context.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    /// <summary>From the next message on, <paramref name="receive"/> handles; the present behaviour is forgotten.</summary>
    protected void Become(Receive receive) => Context.Become(receive);

    /// <summary>From the next message on, <paramref name="receive"/> handles, until <see cref="UnbecomeStacked"/>.</summary>
    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    /// <summary>Back to the behaviour before the last <c>BecomeStacked</c>; without one, to the actor's own.</summary>
    protected void UnbecomeStacked() => Context.UnbecomeStacked();
}
