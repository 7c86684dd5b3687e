using System.Net;

namespace Proxy.Policy.Routes;

/// <summary>Which way connections go: the first rule that matches decides, and where none does, the default. Immutable, so any thread may ask.</summary>
/// <param name="rules">In order.</param>
/// <param name="fallback">The default, which has to be said: there is none that everybody would mean.</param>
public sealed class RouteTable(IReadOnlyList<RouteRule> rules, RouteAction fallback)
{
    /// <summary>What the log calls the default.</summary>
    public const string DefaultName = "default";

    public IReadOnlyList<RouteRule> Rules { get; } = rules;

    public RouteAction Default { get; } = fallback;

    /// <summary>Where connections may go that are sent straight, on the resolved address: what is special only if it is named here.</summary>
    public DestinationRules Direct { get; init; } = DestinationRules.Ordinary;

    /// <summary>Every set of chains that a connection may be sent through, each once.</summary>
    public IReadOnlyList<string> ChainSets =>
        [.. Rules.Select(rule => rule.Action).Append(Default).Select(action => action.ChainSet).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <param name="name">The destination's name in lower case without a final dot; null: it is an address.</param>
    /// <param name="address">The destination's address; null: it is a name.</param>
    /// <param name="source">Who asks.</param>
    public RouteDecision Decide(string? name, IPAddress? address, int port, IPAddress source)
    {
        foreach (var rule in Rules)
        {
            if (rule.Matches(name, address, port, source))
            {
                return new RouteDecision(rule.Action, rule.Name);
            }
        }

        return new RouteDecision(Default, DefaultName);
    }
}

/// <param name="Rule">Which rule it was, for the log.</param>
public readonly record struct RouteDecision(RouteAction Action, string Rule);
