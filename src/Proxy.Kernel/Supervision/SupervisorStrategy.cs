namespace Proxy.Kernel;

/// <summary>What a parent does when a child fails: a value, immutable and shareable between actors.</summary>
public abstract class SupervisorStrategy
{
    private readonly Func<Exception, Directive> _decide;

    private protected SupervisorStrategy(int maximumRestarts, TimeSpan window, Func<Exception, Directive> decide)
    {
        MaximumRestarts = maximumRestarts;
        Window = window;
        _decide = decide;
    }

    /// <summary>One for one, without limit, by <see cref="DefaultDecider"/>.</summary>
    public static SupervisorStrategy DefaultStrategy { get; } = new OneForOneStrategy(DefaultDecider);

    /// <summary>Stops whatever fails.</summary>
    public static SupervisorStrategy StoppingStrategy { get; } = new OneForOneStrategy(static _ => Directive.Stop);

    /// <summary>Restarts allowed to one child within <see cref="Window"/>, after which it is stopped; negative for no limit.</summary>
    public int MaximumRestarts { get; }

    public TimeSpan Window { get; }

    /// <summary>Stops what could not start, was killed or died with another; restarts the rest.</summary>
    public static Directive DefaultDecider(Exception cause) => cause switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    };

    /// <summary>The directive for this cause; a decider that throws escalates.</summary>
    internal Directive Decide(Exception cause)
    {
        try
        {
            return _decide(cause);
        }
        catch (Exception)
        {
            return Directive.Escalate;
        }
    }

    /// <summary>The children that a restart or a stop of the failed one takes with it, itself included.</summary>
    internal abstract IReadOnlyList<LocalActorRef> Affected(LocalActorRef failed, IReadOnlyList<LocalActorRef> children);
}
