using Proxy.Cluster;
using Proxy.Cluster.Bans;
using Proxy.Cluster.Shares;
using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>The node's part in its cluster, once it has one, and the limits that it shares there. Thread-safe.</summary>
public sealed class ClusterDoor
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ClusterLimit> _limits = new(StringComparer.Ordinal);
    private volatile IActorRef? _actor;

    /// <summary>Who is turned away by this node, and by all of the cluster.</summary>
    public BanBoard Bans { get; } = new();

    /// <summary>How busy this node is.</summary>
    public NodeLoad Load { get; } = new();

    /// <summary>A <see cref="ClusterActor"/>; null: there is no cluster, or not yet.</summary>
    public IActorRef? Actor => _actor;

    /// <summary>What is shared, or will be.</summary>
    public IReadOnlyList<ClusterLimit> Limits
    {
        get
        {
            lock (_lock)
            {
                return [.. _limits.Values];
            }
        }
    }

    /// <summary>The node takes part from now on.</summary>
    public void Open(IActorRef actor)
    {
        lock (_lock)
        {
            _actor = actor;
            foreach (var limit in _limits.Values)
            {
                actor.Tell(new ShareLimit(limit), ActorRefs.NoSender);
            }
        }
    }

    /// <summary>The limit of that name; as it was first, where it is there already. Before the node takes part it has no share, and nothing is let in.</summary>
    public ClusterLimit LimitOf(string id, long limit)
    {
        lock (_lock)
        {
            if (!_limits.TryGetValue(id, out var shared))
            {
                shared = new ClusterLimit(id, limit);
                _limits.Add(id, shared);
                _actor?.Tell(new ShareLimit(shared), ActorRefs.NoSender);
            }

            return shared;
        }
    }

    /// <summary>Nobody uses the limit here any more.</summary>
    public void Forget(ClusterLimit limit)
    {
        lock (_lock)
        {
            if (_limits.Remove(limit.Id))
            {
                _actor?.Tell(new UnshareLimit(limit), ActorRefs.NoSender);
            }
        }
    }

    /// <summary>Turned away from here on, and by the others of the cluster within a second.</summary>
    public void Ban(SharedBan ban, long nowUnixMilliseconds)
    {
        Bans.Add(ban, nowUnixMilliseconds);
        _actor?.Tell(new BanSource(ban), ActorRefs.NoSender);
    }

    public void Unban(string source)
    {
        foreach (var scope in Enum.GetValues<BanScope>())
        {
            Bans.Remove(scope, source);
        }

        _actor?.Tell(new UnbanSource(source), ActorRefs.NoSender);
    }
}
