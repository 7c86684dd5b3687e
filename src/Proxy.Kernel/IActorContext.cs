using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>Where an actor can create children.</summary>
public interface IActorRefFactory
{
    /// <summary>Creates and starts a child and returns at once. Throws <see cref="InvalidActorNameException"/> for a bad or taken name.</summary>
    /// <param name="props">How to make it.</param>
    /// <param name="name">Unique among the living children; null picks one.</param>
    IActorRef ActorOf(Props props, string? name = null);

    /// <summary>Stops the actor after the message it is handling; what waits in its mailbox goes to dead letters.</summary>
    void Stop(IActorRef child);
}

/// <summary>An actor's view of itself and its neighbours. Only for use inside the actor's handlers and hooks, on its own thread.</summary>
public interface IActorContext : IActorRefFactory
{
    ActorSystem System { get; }

    IActorRef Self { get; }

    IActorRef Sender { get; }

    IActorRef Parent { get; }

    /// <summary>The children at this moment, stopping ones included until they have stopped. A copy.</summary>
    IReadOnlyCollection<IActorRef> Children { get; }

    Props Props { get; }

    /// <summary>Where this actor runs.</summary>
    MessageDispatcher Dispatcher { get; }

    /// <summary>How many times this actor has been restarted. Kept inside a message to itself (<c>PipeTo</c>), it shows a result of a former
    /// instance as old.</summary>
    int RestartCount { get; }

    ITimerScheduler Timers { get; }

    IStash Stash { get; }

    /// <summary>The child of that name, or null.</summary>
    IActorRef? Child(string name);

    /// <summary>Asks for one <see cref="Terminated"/> when the subject has stopped; at once if it already has. Returns the subject.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>Takes the watch back; a <see cref="Terminated"/> that already waits in the mailbox is not delivered either.</summary>
    IActorRef Unwatch(IActorRef subject);

    void Become(Receive receive);

    void Become(UntypedReceive receive);

    void BecomeStacked(Receive receive);

    void BecomeStacked(UntypedReceive receive);

    void UnbecomeStacked();

    /// <summary>Sends <see cref="ReceiveTimeout"/> whenever no message came for that long; null ends it.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>A logger whose source is this actor's path.</summary>
    ILoggingAdapter GetLogger();
}
