namespace Proxy.Policy.Rules;

public enum AccessAction
{
    Allow,
    Deny,
}

/// <summary>
/// One rule of a list. It matches a client inside <see cref="Networks"/> (null: any) while <see cref="Schedule"/> holds (null: always).
/// <see cref="Name"/> is what the log calls it. Immutable.
/// </summary>
public sealed record AccessRule(string Name, AccessAction Action, CidrSet? Networks = null, Schedule? Schedule = null)
{
    internal bool Matches(NetworkAddress source, DateTimeOffset now) =>
        Networks?.Contains(source) != false && Schedule?.HoldsAt(now) != false;

    /// <summary>
    /// Whether this rule certainly matches whatever the other matches. A rule over an empty set matches nothing and is not called covered:
    /// its file may be filled later.
    /// </summary>
    internal bool Covers(AccessRule other) =>
        other.Networks?.IsEmpty != true
        && (Networks is null || Networks.IsEverything || (other.Networks is not null && Networks.Covers(other.Networks)))
        && (Schedule is null || Schedule.IsAlways || (other.Schedule is not null && Schedule.Covers(other.Schedule)));
}
