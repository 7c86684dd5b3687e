namespace Proxy.Kernel;

/// <summary>
/// Decides on which thread mailboxes run. Thread-safe. A mailbox hands itself over when it has something to do, and is not handed over again
/// before that run has ended.
/// </summary>
public abstract class MessageDispatcher
{
    /// <summary>
    /// User messages of one mailbox handled in one turn before its neighbours have theirs. From 30 on there is little to gain for throughput,
    /// and a turn of 30 short handlers stays in the microseconds.
    /// </summary>
    public const int DefaultThroughput = 30;

    private readonly int _throughput = DefaultThroughput;

    /// <summary>User messages per turn, at least 1.</summary>
    public int Throughput
    {
        get => _throughput;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            _throughput = value;
        }
    }

    /// <summary>
    /// Runs <c>mailbox.Execute()</c> exactly once, now or later, on any thread. Must not throw and must not lose it. <c>Execute()</c> does not
    /// throw.
    /// </summary>
    public abstract void Execute(IThreadPoolWorkItem mailbox);

    /// <summary>One turn of a mailbox of this dispatcher, on the thread that the dispatcher chose.</summary>
    internal virtual void Run(Mailbox mailbox) => mailbox.RunTurn();
}
