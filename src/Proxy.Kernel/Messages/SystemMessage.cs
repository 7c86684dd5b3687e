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

    public sealed class Suspend : SystemMessage;

    /// <param name="afterFailure">Whether the receiver itself had failed, or only shared its parent's suspension.</param>
    public sealed class Resume(bool afterFailure) : SystemMessage
    {
        public bool AfterFailure { get; } = afterFailure;
    }

    public sealed class Recreate(Exception cause) : SystemMessage
    {
        public Exception Cause { get; } = cause;
    }

    public sealed class Stop : SystemMessage;
}
