namespace Proxy.Kernel;

/// <summary>
/// Messages put aside for a later state. Bounded by <see cref="Props.StashCapacity"/>. At a restart they return to the mailbox, at the stop they
/// go to dead letters. Only for use by the actor itself.
/// </summary>
public interface IStash
{
    int Count { get; }

    /// <summary>Puts the message that is being handled aside. Throws <see cref="StashOverflowException"/> when full.</summary>
    void Stash();

    /// <summary>The oldest stashed message becomes the next one.</summary>
    void Unstash();

    /// <summary>All stashed messages become the next ones, in their order.</summary>
    void UnstashAll();

    /// <summary>Forgets the stashed messages and returns how many there were.</summary>
    int Clear();
}

/// <summary>Implemented by an actor that wants its stash as a property; set after the constructor, before <c>PreStart</c>.</summary>
public interface IWithStash
{
    IStash Stash { get; set; }
}
