namespace Proxy.Policy.Balancing;

/// <summary>The queue in front of full servers; immutable.</summary>
public sealed record ConnectionQueueSettings
{
    public static ConnectionQueueSettings Default { get; } = new();

    /// <summary>Connections that may wait at once; each holds a client's descriptor.</summary>
    public int MaximumWaiting { get; init; } = 1000;

    /// <summary>How long one waits. The same for all of them, so that the first to come is the first to expire.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
