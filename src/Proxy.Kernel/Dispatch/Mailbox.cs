namespace Proxy.Kernel;

/// <summary>
/// An actor's mailbox, and the work item that runs the actor. One turn: drain the system messages; if not suspended, take one user message and
/// handle it (a throw asks the supervisor and suspends this mailbox and the children); repeat up to the dispatcher's throughput; then go idle, or
/// back to the dispatcher if there is more. Everything but the posting belongs to the running thread.
/// </summary>
internal sealed class Mailbox : IThreadPoolWorkItem
{
    private readonly ActorCell _cell;
    private readonly MessageDispatcher _dispatcher;
    private readonly int _capacity;
    private MailboxInbox _inbox = null!;

    /// <summary>Whether system messages wait. Beside the inbox, not in it: it is read before every message, and the inbox's memory is busy with
    /// the senders.</summary>
    private volatile bool _systemWaits;

    private bool _closed;

    // What was taken from the inbox and not yet handled.
    private int _taken;
    private int _index;
    private EnvelopeSegment? _chain;

    /// <summary>What goes before everything else: unstashed messages, the next one on top.</summary>
    private Stack<Envelope>? _unstashed;

    public Mailbox(ActorCell cell, MessageDispatcher dispatcher, int? capacity)
    {
        _cell = cell;
        _dispatcher = dispatcher;
        _capacity = capacity ?? int.MaxValue;
    }

    public MessageDispatcher Dispatcher => _dispatcher;

    /// <summary>Whether only system messages are handled.</summary>
    public bool IsSuspended { get; set; }

    /// <summary>The first run, which makes the actor. A new mailbox counts as scheduled until then.</summary>
    public void Start() => _dispatcher.Execute(this);

    /// <summary>The senders' side, made after the reference that senders hold, so that the two lie together and apart from what runs here.</summary>
    public MailboxInbox CreateInbox() => _inbox = new MailboxInbox(isBounded: _capacity < int.MaxValue);

    public void PostBounded(in Envelope envelope) =>
        HandlePost(_inbox.Post(envelope, _capacity - Volatile.Read(ref _taken)), envelope);

    /// <summary>Does what a post has left to do.</summary>
    public void HandlePost(PostResult result, in Envelope envelope)
    {
        switch (result)
        {
            case PostResult.QueuedAndWoken:
                _dispatcher.Execute(this);
                break;
            case PostResult.Full when envelope.Message is AutoReceivedMessage:
                PostUnbounded(envelope);
                break;
            case PostResult.Full:
                _cell.System.CountMailboxOverflow();
                _cell.System.Undelivered(envelope, _cell.Self);
                break;
            case PostResult.Closed:
                _cell.System.Undelivered(envelope, _cell.Self);
                break;
        }
    }

    /// <summary>Queues a message of the kernel's own past the bound: at most one per watched actor or timer, and a stop must not be lost.</summary>
    public void PostUnbounded(in Envelope envelope)
    {
        if (_inbox.Post(envelope, int.MaxValue) == PostResult.QueuedAndWoken)
        {
            _dispatcher.Execute(this);
        }
    }

    public void PostSystem(SystemMessage message)
    {
        var result = _inbox.PostSystem(message);
        if (result == PostResult.Closed)
        {
            RefuseSystem(message);
            return;
        }

        _systemWaits = true;
        if (result == PostResult.QueuedAndWoken)
        {
            _dispatcher.Execute(this);
        }
    }

    /// <summary>Makes an unstashed message the next one; several are prepended last first.</summary>
    public void Prepend(in Envelope envelope) => (_unstashed ??= new Stack<Envelope>()).Push(envelope);

    public void Execute() => _dispatcher.Run(this);

    public void RunTurn()
    {
        var outer = ActorCell.EnterTurn(_cell);
        try
        {
            RunMessages();
        }
        finally
        {
            ActorCell.LeaveTurn(outer);
        }

        EndTurn();
    }

    /// <summary>The actor has stopped: refuses what comes and sends what waits to dead letters, in order.</summary>
    public void Close()
    {
        _closed = true;
        _inbox.Close();
        while (TryTake(out var envelope))
        {
            _cell.System.Undelivered(envelope, _cell.Self);
        }

        for (var message = _inbox.TakeSystem(); message is not null; message = message.Next)
        {
            RefuseSystem(message);
        }
    }

    public override string ToString() => _cell.Self.Path.ToString();

    private void RunMessages()
    {
        _cell.EnsureStarted();
        RunSystemMessages();
        for (var left = _dispatcher.Throughput; left > 0 && !_closed && !IsSuspended && TryTake(out var envelope); left--)
        {
            _cell.Invoke(envelope);
            if (_systemWaits)
            {
                RunSystemMessages();
            }
        }
    }

    private void RunSystemMessages()
    {
        while (_systemWaits)
        {
            // Cleared before the list is taken: a message that comes after the taking sets it again.
            _systemWaits = false;
            var next = _inbox.TakeSystem();
            while (next is not null)
            {
                var message = next;
                next = message.Next;
                message.Next = null;
                if (_closed)
                {
                    RefuseSystem(message);
                }
                else
                {
                    _cell.InvokeSystem(message);
                }
            }
        }
    }

    private void EndTurn()
    {
        if (_closed)
        {
            return;
        }

        var wantsUserMessages = !IsSuspended;
        var hasTaken = wantsUserMessages && (_taken > 0 || _unstashed is { Count: > 0 });
        if (hasTaken || !_inbox.TryGoIdle(wantsUserMessages))
        {
            _dispatcher.Execute(this);
        }
    }

    private bool TryTake(out Envelope envelope)
    {
        if (_unstashed is not null)
        {
            if (_unstashed.TryPop(out envelope))
            {
                return true;
            }

            _unstashed = null;
        }

        if (_taken == 0)
        {
            var count = _inbox.Take(out envelope, out _chain);
            if (count == 0)
            {
                return false;
            }

            _index = 0;
            Volatile.Write(ref _taken, count - 1);
            return true;
        }

        envelope = TakeFromChain();
        return true;
    }

    private Envelope TakeFromChain()
    {
        var chain = _chain!;
        if (_index == EnvelopeSegment.Size)
        {
            _chain = chain.Next!;
            EnvelopeSegment.Return(chain);
            chain = _chain;
            _index = 0;
        }

        ref var slot = ref chain.Items[_index++];
        var envelope = slot;
        slot = default;
        if (--_taken == 0)
        {
            EnvelopeSegment.Return(chain);
            _chain = null;
        }

        return envelope;
    }

    /// <summary>A stopped actor still answers those who start to watch it.</summary>
    private void RefuseSystem(SystemMessage message)
    {
        if (message is SystemMessage.Watch watch)
        {
            watch.Watcher.SendSystem(new SystemMessage.WatchedTerminated(_cell.Self));
        }
    }
}
