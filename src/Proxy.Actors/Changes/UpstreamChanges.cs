using Proxy.Policy.Balancing;

namespace Proxy.Actors;

/// <summary>What becomes of the upstreams: by name.</summary>
internal sealed class UpstreamChanges
{
    public UpstreamChanges(IReadOnlyList<UpstreamSettings> old, IReadOnlyList<UpstreamSettings> changed, List<SettingsChange> changes)
    {
        var before = NodeChanges.ByName(old, upstream => upstream.Name);
        List<UpstreamSettings> inForce = [];
        List<Step<UpstreamSettings>> steps = [];
        foreach (var upstream in changed)
        {
            var subject = $"upstream {upstream.Name}";
            if (!before.Remove(upstream.Name, out var known))
            {
                changes.Add(new SettingsChange(subject, $"added, {upstream.TargetText}", ChangeEffect.AtOnce));
                steps.Add(new Step<UpstreamSettings>(null, upstream));
                inForce.Add(upstream);
                continue;
            }

            SettingsChange[] own = [.. CompareServers(subject, known, upstream), .. NodeChanges.Compare(subject, known, upstream, Aspects.OfUpstream)];
            changes.AddRange(own);
            if (own.Length > 0)
            {
                steps.Add(new Step<UpstreamSettings>(known, upstream));
            }

            inForce.Add(own.Length > 0 ? upstream : known);
        }

        foreach (var gone in before.Values)
        {
            changes.Add(new SettingsChange($"upstream {gone.Name}", "removed; its connections go on", ChangeEffect.NewConnections));
            steps.Add(new Step<UpstreamSettings>(gone, null));
        }

        (InForce, Steps) = (inForce, steps);
    }

    public IReadOnlyList<UpstreamSettings> InForce { get; }

    public IReadOnlyList<Step<UpstreamSettings>> Steps { get; }

    private static IEnumerable<SettingsChange> CompareServers(string subject, UpstreamSettings old, UpstreamSettings changed)
    {
        if (SameSettings.Lists(old.Targets, changed.Targets))
        {
            yield break;
        }

        // An entry that stands there twice is one server all the same, the first of them.
        var before = old.Targets.DistinctBy(UpstreamSettings.TextOf).ToDictionary(UpstreamSettings.TextOf, StringComparer.OrdinalIgnoreCase);
        var isOrderAlone = true;
        foreach (var server in changed.Targets.DistinctBy(UpstreamSettings.TextOf))
        {
            var name = UpstreamSettings.TextOf(server);
            if (!before.Remove(name, out var known))
            {
                isOrderAlone = false;
                yield return new SettingsChange(subject, $"server {name} added", ChangeEffect.AtOnce);
            }
            else if (known != server)
            {
                isOrderAlone = false;
                yield return new SettingsChange(subject, $"server {name}: {Describe(known, server)}", ChangeEffect.AtOnce);
            }
        }

        foreach (var name in before.Keys)
        {
            isOrderAlone = false;
            yield return new SettingsChange(subject, $"server {name} removed; its connections go on", ChangeEffect.NewConnections);
        }

        if (isOrderAlone)
        {
            yield return new SettingsChange(subject, "servers in another order", ChangeEffect.AtOnce);
        }
    }

    private static string Describe(ServerEntry old, ServerEntry changed)
    {
        var parts = new List<string>();
        Add("weight", old.Weight, changed.Weight);
        Add("backup", old.IsBackup, changed.IsBackup);
        Add("maximum-connections", old.MaximumConnections, changed.MaximumConnections);
        Add("check-port", old.CheckPort, changed.CheckPort);
        return string.Join(", ", parts);

        void Add<T>(string name, T before, T after)
        {
            if (!EqualityComparer<T>.Default.Equals(before, after))
            {
                parts.Add($"{name} {MemberText.Difference(before, after)}");
            }
        }
    }
}
