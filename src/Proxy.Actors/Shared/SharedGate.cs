using Proxy.Cluster.Shares;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors;

/// <summary>What the frontends of one name at all nodes of the cluster may let in together. For one thread.</summary>
/// <param name="connections">At once; null: any number.</param>
/// <param name="rate">New ones a second; null: any number.</param>
/// <param name="sources">At once of one address; null: any number.</param>
internal sealed class SharedGate(ClusterLimit? connections, SharedRate? rate, SharedSources? sources)
{
    /// <summary>Null: the frontend shares nothing.</summary>
    public static SharedGate? TryCreate(FrontendSettings settings, ClusterDoor door)
    {
        var connections = settings.ClusterConnections is { } limit ? door.LimitOf($"frontend:{settings.Name}", limit) : null;
        var rate = settings.ClusterAcceptsPerSecond is { } perSecond ? new SharedRate(door.LimitOf($"accepts:{settings.Name}", perSecond)) : null;
        var sources = settings.ClusterConnectionsPerSource is { } perSource ? new SharedSources(door, settings.Name, perSource) : null;
        return connections is null && rate is null && sources is null ? null : new SharedGate(connections, rate, sources);
    }

    /// <summary>Null: it is in, and to be given to <see cref="Leave"/>.</summary>
    /// <param name="source">Null: not known yet, see <see cref="TryName"/>.</param>
    public RefusalReason? Enter(NetworkAddress? source, long nowMicroseconds)
    {
        if (rate?.TryTake(nowMicroseconds) == false)
        {
            return RefusalReason.ClusterRate;
        }

        if (source is { } known && !TryName(known, nowMicroseconds))
        {
            return RefusalReason.ClusterSource;
        }

        if (connections?.TryTake(nowMicroseconds) != false)
        {
            return null;
        }

        if (source is { } counted)
        {
            sources?.Release(counted);
        }

        return RefusalReason.ClusterConnections;
    }

    /// <summary>Whose connection it is has become known. False: that one has as many as it may have.</summary>
    public bool TryName(NetworkAddress source, long nowMicroseconds) => sources?.TryTake(source, nowMicroseconds) != false;

    /// <param name="source">As whose it was counted; null: nobody's.</param>
    public void Leave(NetworkAddress? source)
    {
        connections?.Release();
        Unname(source);
    }

    /// <summary>It is not counted as that one's any more.</summary>
    public void Unname(NetworkAddress? source)
    {
        if (source is { } counted)
        {
            sources?.Release(counted);
        }
    }
}
