namespace Proxy.Actors;

/// <summary>A pool's servers are the cluster's.</summary>
/// <param name="Client">By what the client's servers are chosen: the same each time, other clients having others.</param>
/// <param name="Servers">To how many of them tunnels are kept.</param>
public sealed record ClusterPoolSettings(string Client, int Servers = 3);
