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
        Servers = new ServerPartChanges(old.Servers, changed.Servers, _changes);
        Frontends = new FrontendChanges(old.Frontends, changed.Frontends, _changes);
        Obstacles =
        [
            .. changed.Frontends.Where(frontend => ChainSetsOf(frontend.To).Any(name => !old.ChainSets.Any(set => set.Name == name)))
                .Select(frontend => $"frontend {frontend.Name} goes through chains that only a restart brings"),
            .. old.ChainSets.SelectMany(set => set.Chains).Select(chain => chain.Tunnel).OfType<string>().Distinct()
                .Where(tunnel => !changed.Tunnels.Any(other => other.Name == tunnel))
                .Select(tunnel => $"the tunnel {tunnel} is part of a chain, which only a restart takes away"),
        ];
        New = changed with
        {
            Name = old.Name,
            ChainSets = old.ChainSets,
            AccessLog = old.AccessLog == changed.AccessLog ? old.AccessLog : changed.AccessLog,
            Upstreams = Upstreams.InForce,
            Tunnels = Tunnels.InForce,
            Servers = Servers.InForce,
            Frontends = Frontends.InForce,
        };
    }

    private static IReadOnlyList<string> ChainSetsOf(FrontendTarget target) => target switch
    {
        ChainTarget chained => [chained.ChainSet],
        RoutedTarget routed => routed.Routes.ChainSets,
        _ => [],
    };

    /// <summary>In the order in which they are applied.</summary>
    public IReadOnlyList<SettingsChange> Changes => _changes;

    /// <summary>Whether there is nothing to be told and nothing to be done.</summary>
    public bool IsEmpty => _changes.Count == 0;

    /// <summary>Why a running node cannot be brought there at all; with any of these nothing is applied.</summary>
    public IReadOnlyList<string> Obstacles { get; }

    public NodeSettings Old { get; }

    /// <summary>What will be in force: as was asked for, but for what only a restart changes.</summary>
    public NodeSettings New { get; }

    internal UpstreamChanges Upstreams { get; }

    internal TunnelChanges Tunnels { get; }

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
