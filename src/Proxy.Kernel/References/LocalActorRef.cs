namespace Proxy.Kernel;

/// <summary>The reference of an actor that has a cell and a mailbox. It outlives both; a stopped cell holds nothing but this.</summary>
internal sealed class LocalActorRef : IInternalActorRef
{
    private readonly Mailbox _mailbox;

    public LocalActorRef(ActorPath path, ActorCell cell, Mailbox mailbox)
    {
        Path = path;
        Cell = cell;
        _mailbox = mailbox;
    }

    public ActorPath Path { get; }

    public ActorCell Cell { get; }

    public ActorSystem System => Cell.System;

    public void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        _mailbox.Post(new Envelope(message, sender));
    }

    public void SendSystem(SystemMessage message) => _mailbox.PostSystem(message);

    public override string ToString() => Path.ToString();
}
