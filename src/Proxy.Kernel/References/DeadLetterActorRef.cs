namespace Proxy.Kernel;

/// <summary>Where messages end that nobody can take: each is counted and published as a <see cref="DeadLetter"/>.</summary>
internal sealed class DeadLetterActorRef : IInternalActorRef
{
    private long _count;

    public DeadLetterActorRef(ActorSystem system, ActorPath path)
    {
        System = system;
        Path = path;
    }

    public ActorPath Path { get; }

    public ActorSystem System { get; }

    public long Count => Interlocked.Read(ref _count);

    public void Tell(object message, IActorRef? sender) =>
        Publish(message as DeadLetter ?? new DeadLetter(message, sender ?? this, this));

    /// <summary>The kernel's own messages to an actor that is gone (a stop, a tick) are no news to anybody.</summary>
    public void Undelivered(in Envelope envelope, IActorRef recipient)
    {
        if (envelope.Message is not AutoReceivedMessage)
        {
            Publish(new DeadLetter(envelope.Message, envelope.Sender ?? this, recipient));
        }
    }

    public void SendSystem(SystemMessage message)
    {
        if (message is SystemMessage.Watch watch)
        {
            watch.Watcher.SendSystem(new SystemMessage.WatchedTerminated(this));
        }
    }

    public override string ToString() => Path.ToString();

    private void Publish(DeadLetter letter)
    {
        Interlocked.Increment(ref _count);
        System.EventStream.Publish(letter);
    }
}
