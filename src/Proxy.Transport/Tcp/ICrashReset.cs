namespace Proxy.Transport;

/// <summary>
/// An optional capability of a channel: that the other end sees a reset when this process dies, as it does when the channel is aborted. Without
/// it a dead process looks like one that has said all it had to say, and what was cut off looks whole.
/// </summary>
public interface ICrashReset
{
    /// <summary>From now on. How the channel is closed by its owner does not change.</summary>
    void ResetOnCrash();
}

/// <summary>For channels of any kind.</summary>
public static class CrashResets
{
    /// <summary>Does it where the channel can.</summary>
    public static void ResetOnCrash(this IChannel channel) => (channel as ICrashReset)?.ResetOnCrash();
}
