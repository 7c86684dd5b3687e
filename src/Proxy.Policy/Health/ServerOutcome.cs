namespace Proxy.Policy.Health;

/// <summary>
/// How an attempt to use a server went, as its connections saw it. A connection tells <see cref="Success"/> or why there was none, and after a
/// success <see cref="Answered"/> or <see cref="ResetEarly"/>, where that became known.
/// </summary>
public enum ServerOutcome
{
    /// <summary>It was connected.</summary>
    Success,

    /// <summary>It was connected and was of use: it sent a byte, or ended without a reset.</summary>
    Answered,

    /// <summary>It said no.</summary>
    Refused,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>There is no way to its address.</summary>
    Unreachable,

    /// <summary>It was connected and of no use: it reset before it sent a byte, or what has to come before did not come about.</summary>
    ResetEarly,
}
