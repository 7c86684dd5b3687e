using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>The node's part in its cluster, once it has one. Thread-safe.</summary>
public sealed class ClusterDoor
{
    private volatile IActorRef? _actor;

    /// <summary>A <see cref="Cluster.ClusterActor"/>; null: there is no cluster, or not yet.</summary>
    public IActorRef? Actor
    {
        get => _actor;
        set => _actor = value;
    }
}
