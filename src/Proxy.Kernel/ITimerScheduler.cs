namespace Proxy.Kernel;

/// <summary>
/// Timers of one actor, by key. Starting a key again replaces its timer. A cancelled or replaced timer is never delivered, even if its message
/// already waits in the mailbox; all are cancelled when the actor restarts or stops. Only for use by the actor itself.
/// </summary>
public interface ITimerScheduler
{
    void StartSingleTimer(object key, object message, TimeSpan timeout);

    void StartPeriodicTimer(object key, object message, TimeSpan interval);

    /// <summary>A tick that finds the one before it still waiting in the mailbox is left out: a slow actor is not buried by its own clock.</summary>
    void StartPeriodicTimer(object key, object message, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>Whether the timer is armed, or due and not yet delivered.</summary>
    bool IsTimerActive(object key);

    void Cancel(object key);

    void CancelAll();
}

/// <summary>Implemented by an actor that wants its timers as a property; set after the constructor, before <c>PreStart</c>.</summary>
public interface IWithTimers
{
    ITimerScheduler Timers { get; set; }
}
