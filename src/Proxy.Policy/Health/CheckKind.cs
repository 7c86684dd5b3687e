namespace Proxy.Policy.Health;

/// <summary>How a server is asked whether it is well; immutable, one for all servers of a group.</summary>
public abstract class CheckKind
{
    /// <summary>A fresh dialogue, for one check.</summary>
    public abstract ICheckDialogue CreateDialogue();
}
