using Proxy.Cluster.Engine;
using Proxy.Cluster.Shares;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Shares;

/// <summary>A node whose frontend takes connections up to a shared limit; it remembers under which lease it took each.</summary>
internal sealed class LimitedNode
{
    private readonly VirtualCluster _cluster;
    private readonly string _name;
    private readonly AwayPolicy _policy;
    private readonly List<long> _leases = [];

    public LimitedNode(VirtualCluster cluster, string name, long limit, AwayPolicy policy = AwayPolicy.TakeNothing)
    {
        _cluster = cluster;
        (_name, _policy) = (name, policy);
        Limit = new ClusterLimit("frontend:web", limit, policy);
        Node = cluster.Start(name);
        Node.Tell(new ShareLimit(Limit));
    }

    public VirtualNode Node { get; }

    public ClusterLimit Limit { get; private set; }

    /// <summary>Connections that the application side wants to have.</summary>
    public int Demand { get; set; }

    public int Active => _leases.Count;

    public bool IsDividing { get; private set; }

    public bool IsDead { get; private set; }

    /// <summary>Connections taken under the lease that this node has at the engine now; those of a lease that has ended are not among them.</summary>
    public int ActiveUnderPresentLease
    {
        get
        {
            var lease = LeaseAtEngine();
            return _leases.Count(taken => taken == lease && lease != 0);
        }
    }

    /// <summary>The share that it goes by.</summary>
    public long Share => Limit.Share(_cluster.Now);

    /// <summary>Connections come and go towards what is wanted. How many it took.</summary>
    public int Work()
    {
        FollowEvents();
        while (_leases.Count > Demand)
        {
            // The oldest first.
            _leases.RemoveAt(0);
            Limit.Release();
        }

        var before = _leases.Count;
        for (var refused = 0; _leases.Count < Demand && refused < RefusedAtOnce;)
        {
            if (Limit.TryTake(_cluster.Now))
            {
                _leases.Add(LeaseAtEngine());
            }
            else
            {
                refused++;
            }
        }

        return _leases.Count - before;
    }

    /// <summary>The last connection has gone, and the limit with it; the next connection brings it back, as with limits of single sources.</summary>
    public void Forget()
    {
        while (_leases.Count > 0)
        {
            _leases.RemoveAt(0);
            Limit.Release();
        }

        Node.Tell(new UnshareLimit(Limit));
        Limit = new ClusterLimit(Limit.Id, Limit.Limit, _policy);
    }

    public void Remember() => Node.Tell(new ShareLimit(Limit));

    /// <summary>The process is killed: its connections end with it.</summary>
    public void Kill()
    {
        Node.Kill();
        _leases.Clear();
        IsDead = true;
        IsDividing = false;
    }

    private void FollowEvents()
    {
        foreach (var changed in Node.TakeEvents().OfType<ShareDividerChanged>())
        {
            IsDividing = changed.FencingToken != 0;
        }
    }

    private long LeaseAtEngine()
    {
        var found = _cluster.Ask<RangeAnswer>(new RangeRequest(KeyRange.One($"/tcpproxy/default/shares/use/{_name}")));
        return found.Values.Count == 0 ? 0 : found.Values[0].Lease;
    }

    // 200 a second that are turned away.
    private const int RefusedAtOnce = 20;
}
