namespace Proxy.Kernel;

/// <summary>The reference of an actor that has a cell and a mailbox. It outlives both; a stopped cell holds nothing but this.</summary>
internal sealed class LocalActorRef : IInternalActorRef
{
    private readonly Mailbox _mailbox;
    private readonly MailboxInbox _inbox;

    public LocalActorRef(ActorPath path, ActorCell cell, Mailbox mailbox)
    {
        Path = path;
        Cell = cell;
        _mailbox = mailbox;
        _inbox = mailbox.CreateInbox();
    }

    public ActorPath Path { get; }

    public ActorCell Cell { get; }

    public ActorSystem System => Cell.System;

    public void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        var envelope = new Envelope(message, sender);
        if (_inbox.IsBounded)
        {
            _mailbox.PostBounded(envelope);
            return;
        }

        // The mailbox's own memory is busy with the thread that runs it; a sender looks at it only if it must.
        var result = _inbox.Post(envelope, int.MaxValue);
        if (result != PostResult.Queued)
        {
            _mailbox.HandlePost(result, envelope);
        }
    }

    public void SendSystem(SystemMessage message) => _mailbox.PostSystem(message);

    public override string ToString() => Path.ToString();
}
