namespace Proxy.Actors;

/// <summary>A pool's servers are the cluster's.</summary>
/// <param name="Client">By what the client's servers are chosen: the same each time, other clients having others.</param>
/// <param name="Servers">To how many of them tunnels are kept.</param>
public sealed record ClusterPoolSettings(string Client, int Servers = 3)
{
    /// <summary>Where the client is: servers of the same zone are used first. Empty: that is not said.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Whether the pool's named servers say through their tunnels which there are; else the engine does.</summary>
    public bool IsLearned { get; init; }
}
