namespace Proxy.Actors;

/// <summary>
/// All that is different between two configurations of one node, and what becomes of it. Pure and immutable; equal configurations give an empty
/// plan, whoever made them. Where nothing is different the objects of the old settings are kept: counters, keys and certificates go on.
/// </summary>
public sealed class SettingsPlan
{
    private readonly List<SettingsChange> _changes = [];

    private SettingsPlan(NodeSettings old, NodeSettings changed)
    {
        Old = old;
        _changes.AddRange(NodeChanges.Compare("node", old, changed, Aspects.OfNode));
        Upstreams = new UpstreamChanges(old.Upstreams, changed.Upstreams, _changes);
        Tunnels = new TunnelChanges(old.Tunnels, changed.Tunnels, _changes);
        ChainSets = new ChainChanges(old.ChainSets, changed.ChainSets, _changes);
        Servers = new ServerPartChanges(old.Servers, changed.Servers, _changes);
        Frontends = new FrontendChanges(old.Frontends, changed.Frontends, _changes);
        New = changed with
        {
            Name = old.Name,
            ChainSets = ChainSets.InForce,
            AccessLog = old.AccessLog == changed.AccessLog ? old.AccessLog : changed.AccessLog,
            Upstreams = Upstreams.InForce,
            Tunnels = Tunnels.InForce,
            Servers = Servers.InForce,
            Frontends = Frontends.InForce,
        };
    }

    /// <summary>In the order in which they are applied.</summary>
    public IReadOnlyList<SettingsChange> Changes => _changes;

    /// <summary>Whether there is nothing to be told and nothing to be done.</summary>
    public bool IsEmpty => _changes.Count == 0;

    public NodeSettings Old { get; }

    /// <summary>What will be in force: as was asked for, but for what only a restart changes.</summary>
    public NodeSettings New { get; }

    internal UpstreamChanges Upstreams { get; }

    internal TunnelChanges Tunnels { get; }

    internal ChainChanges ChainSets { get; }

    internal ServerPartChanges Servers { get; }

    internal FrontendChanges Frontends { get; }

    /// <summary>What has to be done so that a node under <paramref name="old"/> is as <paramref name="changed"/> says.</summary>
    public static SettingsPlan Between(NodeSettings old, NodeSettings changed)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(changed);
        return new SettingsPlan(old, changed);
    }
}
