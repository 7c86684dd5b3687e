namespace Proxy.Kernel;

/// <summary>The directive concerns the failed child alone.</summary>
public sealed class OneForOneStrategy : SupervisorStrategy
{
    public OneForOneStrategy(Func<Exception, Directive> decide)
        : this(-1, Timeout.InfiniteTimeSpan, decide)
    {
    }

    /// <summary>With a limit on restarts.</summary>
    /// <param name="maximumRestarts">Restarts within the window before the child is stopped; negative for no limit.</param>
    /// <param name="window">Counted on the system's clock; infinite counts for ever.</param>
    /// <param name="decide">From cause to directive.</param>
    public OneForOneStrategy(int maximumRestarts, TimeSpan window, Func<Exception, Directive> decide)
        : base(maximumRestarts, window, decide)
    {
    }

    internal override IReadOnlyList<LocalActorRef> Affected(LocalActorRef failed, IReadOnlyList<LocalActorRef> children) => [failed];
}
