namespace Proxy.Policy.Balancing;

/// <summary>Something happened to a server of a group; <paramref name="Reason"/> is for the log and may be empty.</summary>
public readonly record struct ServerEvent(UpstreamServer Server, ServerChange Change, string Reason);

/// <summary>What can happen to a server.</summary>
public enum ServerChange
{
    /// <summary>A new address: it takes connections from now on.</summary>
    Added,

    /// <summary>The address is gone from the group.</summary>
    Removed,

    /// <summary>Its checks pass again.</summary>
    WentUp,

    /// <summary>Its checks fail: the moment to end its sessions where that is asked for.</summary>
    WentDown,

    /// <summary>Its connections failed too often.</summary>
    Ejected,

    /// <summary>An ejection is over.</summary>
    Returned,

    /// <summary>It takes no new connections.</summary>
    DrainStarted,

    /// <summary>It takes new connections again.</summary>
    DrainEnded,
}
