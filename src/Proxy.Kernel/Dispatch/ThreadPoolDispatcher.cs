namespace Proxy.Kernel;

/// <summary>Runs mailboxes on the .NET thread pool; the mailbox itself is the work item.</summary>
public sealed class ThreadPoolDispatcher : MessageDispatcher
{
    public override void Execute(IThreadPoolWorkItem mailbox) => ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: true);
}
