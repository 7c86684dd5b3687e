using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Members;

/// <summary>Where a cluster's things lie in the engine.</summary>
/// <param name="cluster">The cluster's name; several can share one engine.</param>
public sealed class ClusterKeys(string cluster)
{
    private readonly string _root = MemberJson.IsName(cluster)
        ? $"/tcpproxy/{cluster}/"
        : throw new ArgumentException($"'{cluster}' cannot be a cluster's name", nameof(cluster));

    /// <summary>What every node watches: members, locks, configuration.</summary>
    public string CommonPrefix => _root + "common/";

    public string MemberPrefix => CommonPrefix + "members/";

    public string LockPrefix => CommonPrefix + "locks/";

    /// <summary>Sources that all nodes turn away.</summary>
    public string BanPrefix => CommonPrefix + "bans/";

    /// <summary>One configuration for all, where one is wanted.</summary>
    public string Configuration => CommonPrefix + "config";

    /// <summary>Shares of limits: what only the node that divides watches whole.</summary>
    public string SharesPrefix => _root + "shares/";

    public string UsePrefix => SharesPrefix + "use/";

    public string GrantPrefix => SharesPrefix + "grant/";

    public string SharePlan => SharesPrefix + "plan";

    public string Member(string name) => MemberPrefix + name;

    public string Lock(string name) => LockPrefix + name;

    /// <summary>What one node says it uses of the limits.</summary>
    public string Use(string node) => UsePrefix + node;

    /// <summary>What one node may use of the limits.</summary>
    public string Grant(string node) => GrantPrefix + node;

    /// <summary>Everything of this cluster.</summary>
    public KeyRange All => KeyRange.Prefix(_root);
}
