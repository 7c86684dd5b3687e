namespace Proxy.Policy.Rules;

/// <summary>
/// What the rules say, and which one said it: its place in the list (from 0) and its name; place −1: none matched, and the default holds.
/// </summary>
public readonly record struct AccessDecision(AccessAction Action, int RuleIndex, string RuleName)
{
    public bool IsAllowed => Action == AccessAction.Allow;
}
