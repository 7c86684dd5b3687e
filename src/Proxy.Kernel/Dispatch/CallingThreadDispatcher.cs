namespace Proxy.Kernel;

/// <summary>
/// Runs mailboxes on the thread that tells, before the outermost <c>Tell</c> returns: everything a message causes has then happened. Mailboxes
/// that become ready inside a handler wait for it to end and run in the order in which they became ready.
/// </summary>
public sealed class CallingThreadDispatcher : MessageDispatcher
{
    [ThreadStatic]
    private static Queue<IThreadPoolWorkItem>? _ready;

    public override void Execute(IThreadPoolWorkItem mailbox)
    {
        if (_ready is { } ready)
        {
            ready.Enqueue(mailbox);
            return;
        }

        _ready = new Queue<IThreadPoolWorkItem>();
        try
        {
            _ready.Enqueue(mailbox);
            while (_ready.TryDequeue(out var next))
            {
                next.Execute();
            }
        }
        finally
        {
            _ready = null;
        }
    }
}
