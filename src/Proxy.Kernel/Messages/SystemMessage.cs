namespace Proxy.Kernel;

/// <summary>
/// The kernel's own conversation between cells. It overtakes user messages and passes a suspended mailbox. Each object is in one mailbox once:
/// the list of waiting ones runs through <see cref="Next"/>.
/// </summary>
internal abstract class SystemMessage
{
    public SystemMessage? Next { get; set; }

    public sealed class Watch(IInternalActorRef watcher) : SystemMessage
    {
        public IInternalActorRef Watcher { get; } = watcher;
    }

    public sealed class Unwatch(IInternalActorRef watcher) : SystemMessage
    {
        public IInternalActorRef Watcher { get; } = watcher;
    }

    /// <summary>To a watcher, and to the parent in any case: the subject has stopped, its name is free.</summary>
    public sealed class WatchedTerminated(IInternalActorRef subject) : SystemMessage
    {
        public IInternalActorRef Subject { get; } = subject;
    }

    /// <summary>To the parent: the child has suspended itself and its children, and waits for a directive.</summary>
    public sealed class Failed(IInternalActorRef child, Exception cause) : SystemMessage
    {
        public IInternalActorRef Child { get; } = child;

        public Exception Cause { get; } = cause;
    }

    /// <summary>From the parent, which is suspended itself.</summary>
    public sealed class Suspend : SystemMessage;

    /// <summary>From the parent, which is suspended no more.</summary>
    public sealed class Unsuspend : SystemMessage;

    /// <summary>The directive of that name: go on with the same instance.</summary>
    public sealed class Resume : SystemMessage;

    public sealed class Recreate(Exception cause) : SystemMessage
    {
        public Exception Cause { get; } = cause;
    }

    public sealed class Stop : SystemMessage;
}
