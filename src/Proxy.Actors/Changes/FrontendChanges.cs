namespace Proxy.Actors;

/// <summary>
/// What becomes of the frontends. A listener that stays where it is stays open, even where another frontend has its address from now on; one
/// that is somewhere else now is a new one, and the old one drains once that is bound.
/// </summary>
internal sealed class FrontendChanges
{
    private readonly List<SettingsChange> _changes;
    private readonly List<Step<FrontendSettings>> _steps = [];

    public FrontendChanges(IReadOnlyList<FrontendSettings> old, IReadOnlyList<FrontendSettings> changed, List<SettingsChange> changes)
    {
        _changes = changes;
        // Forwards to any free port share their name and their address.
        var left = old.ToList();
        var inForce = changed.ToArray();
        var places = new List<int>();
        for (var index = 0; index < changed.Count; index++)
        {
            var wanted = changed[index];
            if (left.Find(other => other.Name == wanted.Name && IsSamePlace(other, wanted)) is { } same)
            {
                left.Remove(same);
                inForce[index] = Keep(same, changed[index]);
            }
            else
            {
                places.Add(index);
            }
        }

        foreach (var index in places)
        {
            var frontend = changed[index];
            if (frontend.Listen.Port != 0 && left.Find(other => IsSamePlace(other, frontend)) is { } other)
            {
                left.Remove(other);
                inForce[index] = Keep(other, frontend);
            }
        }

        foreach (var index in places.Where(index => ReferenceEquals(inForce[index], changed[index])))
        {
            var frontend = changed[index];
            if (left.Find(other => other.Name == frontend.Name) is { } elsewhere)
            {
                Tell(frontend, $"moved from {elsewhere.Listen} to {frontend.Listen}; the new address is bound first, then the old one drains", ChangeEffect.NewConnections);
                inForce[index] = Merge(elsewhere, frontend);
                _changes.AddRange(NodeChanges.Compare(SubjectOf(frontend), elsewhere, frontend, Aspects.OfFrontend));
            }
            else
            {
                Tell(frontend, $"added, at {frontend.Listen}", ChangeEffect.AtOnce);
            }

            _steps.Add(new Step<FrontendSettings>(null, inForce[index]));
        }

        foreach (var gone in left)
        {
            _steps.Add(new Step<FrontendSettings>(gone, null));
            if (!changed.Any(frontend => frontend.Name == gone.Name))
            {
                Tell(gone, "removed; it takes nobody any more and drains", ChangeEffect.NewConnections);
            }
        }

        InForce = inForce;
    }

    public IReadOnlyList<FrontendSettings> InForce { get; }

    /// <summary>Old and new: the same listener from now on serves under the new settings.</summary>
    public IReadOnlyList<Step<FrontendSettings>> Steps => _steps;

    private FrontendSettings Keep(FrontendSettings old, FrontendSettings changed)
    {
        var own = NodeChanges.Compare(SubjectOf(changed), old, changed, Aspects.OfFrontend);
        if (old.Name != changed.Name)
        {
            Tell(changed, $"takes over the listener at {changed.Listen} from {old.Name}", ChangeEffect.NewConnections);
        }
        else if (own.Count == 0)
        {
            return old;
        }

        _changes.AddRange(own);
        var merged = Merge(old, changed);
        _steps.Add(new Step<FrontendSettings>(old, merged));
        return merged;
    }

    /// <summary>What means the same stays the same object: the counters of filters and the certificates in force go on.</summary>
    private static FrontendSettings Merge(FrontendSettings old, FrontendSettings changed) => changed with
    {
        To = SameSettings.Carriers(old, changed) ? changed.To : old.To,
        Filters = SameSettings.Filters(old, changed) ? old.Filters : changed.Filters,
        Tls = SameSettings.Terminations(old.Tls, changed.Tls) ? old.Tls : changed.Tls,
    };

    // Both ways: 127.0.0.1 with any free port would take a path for its like.
    private static bool IsSamePlace(FrontendSettings one, FrontendSettings other) => one.Listen.Equals(other.Listen) && other.Listen.Equals(one.Listen) && one.IsUdp == other.IsUdp;

    private void Tell(FrontendSettings frontend, string text, ChangeEffect effect) => _changes.Add(new SettingsChange(SubjectOf(frontend), text, effect));

    private static string SubjectOf(FrontendSettings frontend) => $"frontend {frontend.Name}";
}
