namespace Proxy.Actors;

/// <summary>What becomes of the sets of chains: by name. Any difference makes another set; connections that have begun stay on their chains.</summary>
internal sealed class ChainChanges
{
    public ChainChanges(IReadOnlyList<ChainSetSettings> old, IReadOnlyList<ChainSetSettings> changed, List<SettingsChange> changes)
    {
        var before = NodeChanges.ByName(old, set => set.Name);
        List<ChainSetSettings> inForce = [];
        List<Step<ChainSetSettings>> steps = [];
        foreach (var set in changed)
        {
            var subject = $"chains {set.Name}";
            if (!before.Remove(set.Name, out var known))
            {
                changes.Add(new SettingsChange(subject, $"added, of {string.Join(", ", set.Chains.Select(chain => chain.Name))}", ChangeEffect.AtOnce));
                steps.Add(new Step<ChainSetSettings>(null, set));
                inForce.Add(set);
                continue;
            }

            var own = NodeChanges.Compare(subject, known, set, Aspects.OfChainSet);
            changes.AddRange(own);
            if (own.Count > 0)
            {
                steps.Add(new Step<ChainSetSettings>(known, set));
            }

            inForce.Add(own.Count > 0 ? set : known);
        }

        foreach (var gone in before.Values)
        {
            changes.Add(new SettingsChange($"chains {gone.Name}", "removed; connections in them go on", ChangeEffect.NewConnections));
            steps.Add(new Step<ChainSetSettings>(gone, null));
        }

        (InForce, Steps) = (inForce, steps);
    }

    public IReadOnlyList<ChainSetSettings> InForce { get; }

    public IReadOnlyList<Step<ChainSetSettings>> Steps { get; }
}
