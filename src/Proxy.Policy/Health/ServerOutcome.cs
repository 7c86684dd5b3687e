namespace Proxy.Policy.Health;

/// <summary>How an attempt to use a server went, as its connections saw it. All but the first are failures and count alike.</summary>
public enum ServerOutcome
{
    /// <summary>It was connected.</summary>
    Success,

    /// <summary>It said no.</summary>
    Refused,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>There is no way to its address.</summary>
    Unreachable,

    /// <summary>It was connected and reset before it sent a byte.</summary>
    ResetEarly,
}
