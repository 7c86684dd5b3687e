namespace Proxy.Actors;

/// <summary>What becomes of the tunnels of clients: by name. Any difference makes new tunnels; the old ones end with their last stream.</summary>
internal sealed class TunnelChanges
{
    public TunnelChanges(IReadOnlyList<TunnelPoolSettings> old, IReadOnlyList<TunnelPoolSettings> changed, List<SettingsChange> changes)
    {
        var before = NodeChanges.ByName(old, tunnel => tunnel.Name);
        List<TunnelPoolSettings> inForce = [];
        List<Step<TunnelPoolSettings>> steps = [];
        foreach (var tunnel in changed)
        {
            var subject = $"tunnel {tunnel.Name}";
            if (!before.Remove(tunnel.Name, out var known))
            {
                changes.Add(new SettingsChange(subject, $"added, to {string.Join(", ", tunnel.Servers)}", ChangeEffect.AtOnce));
                steps.Add(new Step<TunnelPoolSettings>(null, tunnel));
                inForce.Add(tunnel);
                continue;
            }

            var own = NodeChanges.Compare(subject, known, tunnel, Aspects.OfTunnel);
            changes.AddRange(own);
            if (own.Count > 0)
            {
                steps.Add(new Step<TunnelPoolSettings>(known, tunnel));
            }

            inForce.Add(own.Count > 0 ? tunnel : known);
        }

        foreach (var gone in before.Values)
        {
            changes.Add(new SettingsChange($"tunnel {gone.Name}", "removed; its streams go on", ChangeEffect.NewConnections));
            steps.Add(new Step<TunnelPoolSettings>(gone, null));
        }

        (InForce, Steps) = (inForce, steps);
    }

    public IReadOnlyList<TunnelPoolSettings> InForce { get; }

    public IReadOnlyList<Step<TunnelPoolSettings>> Steps { get; }
}
