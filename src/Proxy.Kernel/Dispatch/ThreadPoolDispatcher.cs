namespace Proxy.Kernel;

/// <summary>
/// Runs mailboxes on the .NET thread pool; the mailbox itself is the work item. The first mailbox that a turn wakes runs next on the same thread,
/// while its message is still in the cache and without waking another; the pool's queue takes all others. After
/// <see cref="MaximumTurnsInARow"/> turns in a row whoever waits in the pool has its turn.
/// </summary>
public sealed class ThreadPoolDispatcher : MessageDispatcher
{
    /// <summary>With the default throughput about 2,000 messages, well under a millisecond of short handlers.</summary>
    private const int MaximumTurnsInARow = 64;

    [ThreadStatic]
    private static Worker? _worker;

    public override void Execute(IThreadPoolWorkItem mailbox)
    {
        if (_worker is { TurnsLeft: > 0, Next: null } worker)
        {
            worker.Next = mailbox;
        }
        else
        {
            // Not the thread's own queue: that is last in, first out, and two actors that keep waking each other would hold it for ever.
            ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: false);
        }
    }

    internal override void Run(Mailbox mailbox)
    {
        var worker = _worker ??= new Worker();
        if (worker.TurnsLeft > 0)
        {
            mailbox.RunTurn();
            return;
        }

        worker.TurnsLeft = MaximumTurnsInARow;
        mailbox.RunTurn();
        while (worker.Next is { } next)
        {
            worker.Next = null;
            worker.TurnsLeft--;
            if (worker.TurnsLeft > 0)
            {
                next.Execute();
            }
            else
            {
                Execute(next);
            }
        }

        worker.TurnsLeft = 0;
    }

    /// <summary>A pool thread while it runs mailboxes.</summary>
    private sealed class Worker
    {
        /// <summary>0 outside of mailboxes, where nobody would take <see cref="Next"/>.</summary>
        public int TurnsLeft { get; set; }

        public IThreadPoolWorkItem? Next { get; set; }
    }
}
