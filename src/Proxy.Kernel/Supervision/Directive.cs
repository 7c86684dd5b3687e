namespace Proxy.Kernel;

/// <summary>What a supervisor does with a failed child.</summary>
public enum Directive
{
    /// <summary>Goes on with the same instance; the failing message is dropped.</summary>
    Resume,

    /// <summary>Replaces the instance and keeps the mailbox; the failing message is dropped.</summary>
    Restart,

    /// <summary>Stops it.</summary>
    Stop,

    /// <summary>Fails itself with the same cause, so that its own supervisor decides.</summary>
    Escalate,
}
