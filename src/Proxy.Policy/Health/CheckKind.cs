namespace Proxy.Policy.Health;

/// <summary>How a server is asked whether it is well; immutable, one for all servers of a group. Two that ask the same are equal.</summary>
public abstract class CheckKind
{
    /// <summary>A fresh dialogue, for one check.</summary>
    public abstract ICheckDialogue CreateDialogue();
}
