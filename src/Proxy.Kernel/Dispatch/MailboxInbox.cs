namespace Proxy.Kernel;

/// <summary>How a message left its sender.</summary>
internal enum PostResult
{
    /// <summary>Queued; the mailbox is running or will run.</summary>
    Queued,

    /// <summary>Queued, and the caller must now hand the mailbox to its dispatcher.</summary>
    QueuedAndWoken,

    /// <summary>Not queued: the mailbox is at its bound.</summary>
    Full,

    /// <summary>Not queued: the actor has stopped.</summary>
    Closed,
}

/// <summary>
/// The senders' side of a mailbox: two queues and the schedule status, all under one gate. Because the status changes under the same gate as the
/// queues, a sender either sees "idle" and wakes the mailbox, or is seen by the run that is about to go idle: the wake-up cannot be lost between
/// the two, which is the trap of a queue and a flag apart. The first waiting message needs no segment.
/// </summary>
internal sealed class MailboxInbox
{
    private SpinGate _gate;
    private Status _status = Status.Scheduled;
    private int _count;
    private int _tailIndex;
    private Envelope _first;
    private EnvelopeSegment? _head;
    private EnvelopeSegment? _tail;
    private SystemMessage? _systemHead;
    private SystemMessage? _systemTail;

    public MailboxInbox(bool isBounded)
    {
        IsBounded = isBounded;
    }

    private enum Status
    {
        Idle,
        Scheduled,
        Closed,
    }

    /// <summary>Whether the mailbox has a bound, so that a post must say how much room there is.</summary>
    public bool IsBounded { get; }

    /// <summary>Queues a user message, if there is room.</summary>
    /// <param name="envelope">What to queue.</param>
    /// <param name="room">How many may wait here with this one; <see cref="int.MaxValue"/> for no bound.</param>
    public PostResult Post(in Envelope envelope, int room)
    {
        _gate.Enter();
        if (_status == Status.Closed || _count >= room)
        {
            var closed = _status == Status.Closed;
            _gate.Exit();
            return closed ? PostResult.Closed : PostResult.Full;
        }

        if (_count++ == 0)
        {
            _first = envelope;
        }
        else
        {
            Append(envelope);
        }

        return WakeAndExit();
    }

    public PostResult PostSystem(SystemMessage message)
    {
        _gate.Enter();
        if (_status == Status.Closed)
        {
            _gate.Exit();
            return PostResult.Closed;
        }

        if (_systemTail is null)
        {
            _systemHead = message;
        }
        else
        {
            _systemTail.Next = message;
        }

        _systemTail = message;
        return WakeAndExit();
    }

    /// <summary>Takes all that waits. How many messages that is: the first beside the chain, the rest in it.</summary>
    public int Take(out Envelope first, out EnvelopeSegment? chain)
    {
        if (Volatile.Read(ref _count) == 0)
        {
            // Only a shortcut: whether there really is nothing is decided under the gate, by TryGoIdle.
            first = default;
            chain = null;
            return 0;
        }

        _gate.Enter();
        var count = _count;
        first = _first;
        chain = _head;
        _first = default;
        _head = null;
        _tail = null;
        _count = 0;
        _gate.Exit();
        return count;
    }

    public SystemMessage? TakeSystem()
    {
        _gate.Enter();
        var head = _systemHead;
        _systemHead = null;
        _systemTail = null;
        _gate.Exit();
        return head;
    }

    /// <summary>
    /// Ends a run: goes idle, unless there is something that the mailbox would handle now. Whether it did go idle; if not, the caller must hand the
    /// mailbox to its dispatcher again.
    /// </summary>
    /// <param name="wantsUserMessages">False while suspended.</param>
    public bool TryGoIdle(bool wantsUserMessages)
    {
        _gate.Enter();
        var idle = _systemHead is null && (_count == 0 || !wantsUserMessages);
        if (idle)
        {
            _status = Status.Idle;
        }

        _gate.Exit();
        return idle;
    }

    /// <summary>From now on everything is refused. What waited is left for <see cref="Take"/> and <see cref="TakeSystem"/>.</summary>
    public void Close()
    {
        _gate.Enter();
        _status = Status.Closed;
        _gate.Exit();
    }

    private void Append(in Envelope envelope)
    {
        if (_tail is null)
        {
            _head = _tail = EnvelopeSegment.Rent();
            _tailIndex = 0;
        }
        else if (_tailIndex == EnvelopeSegment.Size)
        {
            _tail = _tail.Next = EnvelopeSegment.Rent();
            _tailIndex = 0;
        }

        _tail.Items[_tailIndex++] = envelope;
    }

    private PostResult WakeAndExit()
    {
        var wake = _status == Status.Idle;
        if (wake)
        {
            _status = Status.Scheduled;
        }

        _gate.Exit();
        return wake ? PostResult.QueuedAndWoken : PostResult.Queued;
    }
}
