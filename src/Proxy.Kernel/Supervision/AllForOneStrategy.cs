namespace Proxy.Kernel;

/// <summary>A restart or stop of the failed child is done to all its siblings too: for children that are of no use without each other.</summary>
public sealed class AllForOneStrategy : SupervisorStrategy
{
    public AllForOneStrategy(Func<Exception, Directive> decide)
        : this(-1, Timeout.InfiniteTimeSpan, decide)
    {
    }

    /// <summary>With a limit on restarts.</summary>
    /// <param name="maximumRestarts">Restarts of any one child within the window before all are stopped; negative for no limit.</param>
    /// <param name="window">Counted on the system's clock; infinite counts for ever.</param>
    /// <param name="decide">From cause to directive.</param>
    public AllForOneStrategy(int maximumRestarts, TimeSpan window, Func<Exception, Directive> decide)
        : base(maximumRestarts, window, decide)
    {
    }

    internal override IReadOnlyList<LocalActorRef> Affected(LocalActorRef failed, IReadOnlyList<LocalActorRef> children) => children;
}
