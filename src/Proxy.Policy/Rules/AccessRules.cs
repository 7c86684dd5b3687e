namespace Proxy.Policy.Rules;

/// <summary>
/// An ordered list of rules for clients: the first that matches decides. Where none does, the default holds; unless it is given, it follows
/// from the list: with a rule that allows, everyone else is denied; with none (an empty list, or denials only) everyone else is allowed.
/// Immutable, so any thread may ask; a decision allocates nothing. Two with equal rules and the same default are equal.
/// </summary>
public sealed class AccessRules : IEquatable<AccessRules>
{
    public const string DefaultName = "default";

    public static readonly AccessRules AllowAll = new([]);

    private readonly AccessRule[] _rules;

    public AccessRules(IEnumerable<AccessRule> rules, AccessAction? defaultAction = null)
    {
        _rules = [.. rules];
        Default = defaultAction ?? (Array.Exists(_rules, rule => rule.Action == AccessAction.Allow) ? AccessAction.Deny : AccessAction.Allow);
        HasSchedules = Array.Exists(_rules, rule => rule.Schedule?.IsAlways == false);
    }

    public IReadOnlyList<AccessRule> Rules => _rules;

    public AccessAction Default { get; }

    /// <summary>Whether a decision depends on the time; where it does not, nobody need look at the clock.</summary>
    public bool HasSchedules { get; }

    public AccessDecision Decide(NetworkAddress source, DateTimeOffset now)
    {
        for (var i = 0; i < _rules.Length; i++)
        {
            if (_rules[i].Matches(source, now))
            {
                return new(_rules[i].Action, i, _rules[i].Name);
            }
        }

        return new(Default, -1, DefaultName);
    }

    /// <summary>
    /// The first instant after <paramref name="now"/> at which some rule begins or ends to hold, so that decisions may differ: until then a
    /// decision made at <paramref name="now"/> stays right. Null: never.
    /// </summary>
    public DateTimeOffset? NextChangeAfter(DateTimeOffset now)
    {
        DateTimeOffset? earliest = null;
        foreach (var rule in _rules)
        {
            if (rule.Schedule?.NextChangeAfter(now) is { } change && !(change >= earliest))
            {
                earliest = change;
            }
        }

        return earliest;
    }

    /// <summary>
    /// Rules that can never decide anything because one earlier rule matches all they match; each with the first such rule.
    /// Conservative: what is listed is certain, but a rule covered by several others together is not found.
    /// </summary>
    public IReadOnlyList<CoveredRule> FindCovered()
    {
        var covered = new List<CoveredRule>();
        for (var i = 1; i < _rules.Length; i++)
        {
            var by = Array.FindIndex(_rules, 0, i, earlier => earlier.Covers(_rules[i]));
            if (by >= 0)
            {
                covered.Add(new(i, by));
            }
        }

        return covered;
    }

    public bool Equals(AccessRules? other) => other is not null && Default == other.Default && _rules.AsSpan().SequenceEqual(other._rules);

    public override bool Equals(object? obj) => Equals(obj as AccessRules);

    public override int GetHashCode() => HashCode.Combine(Default, _rules.Length, _rules.FirstOrDefault());
}

/// <summary>A rule without effect, and the earlier one that covers it, both by place in the list.</summary>
public readonly record struct CoveredRule(int RuleIndex, int CoveredByIndex);
