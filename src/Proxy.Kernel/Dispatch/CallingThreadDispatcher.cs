namespace Proxy.Kernel;

/// <summary>
/// Runs mailboxes on the thread that tells, before the outermost <c>Tell</c> returns: everything a message causes has then happened. Mailboxes
/// that become ready inside a handler wait for it to end and run in the order in which they became ready.
/// </summary>
public sealed class CallingThreadDispatcher : MessageDispatcher
{
    [ThreadStatic]
    private static Queue<IThreadPoolWorkItem>? t_ready;

    public override void Execute(IThreadPoolWorkItem mailbox)
    {
        if (t_ready is { } ready)
        {
            ready.Enqueue(mailbox);
            return;
        }

        t_ready = new Queue<IThreadPoolWorkItem>();
        try
        {
            t_ready.Enqueue(mailbox);
            while (t_ready.TryDequeue(out var next))
            {
                next.Execute();
            }
        }
        finally
        {
            t_ready = null;
        }
    }
}
