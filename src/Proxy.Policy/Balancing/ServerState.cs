namespace Proxy.Policy.Balancing;

/// <summary>How a server stands now, the strongest reason first: a server that is down and draining is down.</summary>
public enum ServerState
{
    /// <summary>No longer in the group; its last connections are still running.</summary>
    Removed,

    /// <summary>Its checks fail.</summary>
    Down,

    /// <summary>Its connections failed; out of service for a time.</summary>
    Ejected,

    /// <summary>Told to take nothing new; what it has goes on.</summary>
    Draining,

    /// <summary>Came up a moment ago; its share still grows.</summary>
    SlowStarting,

    /// <summary>In service.</summary>
    Up,
}
