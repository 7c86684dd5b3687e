using System.Net;

namespace Proxy.Policy;

/// <summary>
/// Where streams may go. Nothing is allowed until a rule allows it, and the special ranges (<see cref="SpecialAddresses"/>) only by a rule
/// whose own network lies inside them: never by 0.0.0.0/0. What is denied is never allowed. Decided on the resolved address, which is the
/// one to dial. Immutable.
/// </summary>
public sealed class DestinationRules : IEquatable<DestinationRules>
{
    public static readonly DestinationRules Nothing = new([]);

    /// <summary>All but the special ranges.</summary>
    public static readonly DestinationRules Ordinary = new([Parse("0.0.0.0/0"), Parse("::/0")]);

    private readonly IReadOnlyList<DestinationRule> _rules;
    private readonly IReadOnlyList<DestinationRule> _denied;

    /// <param name="rules">What is allowed.</param>
    /// <param name="denied">What is not, whatever allows it; null: nothing.</param>
    public DestinationRules(IReadOnlyList<DestinationRule> rules, IReadOnlyList<DestinationRule>? denied = null)
    {
        _rules = rules;
        _denied = denied ?? [];
    }

    /// <summary>What is allowed, but for what is denied.</summary>
    public IReadOnlyList<DestinationRule> Allowed => _rules;

    /// <summary>Whether <paramref name="address"/> may be dialled for a request that named <paramref name="name"/> (null: it named an address).</summary>
    public bool Allows(string? name, IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        var real = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !_denied.Any(rule => rule.Denies(name, real, port)) && _rules.Any(rule => rule.Allows(name, real, port));
    }

    /// <summary>Whether both say the same in the same words.</summary>
    public bool Equals(DestinationRules? other) => other is not null && _rules.SequenceEqual(other._rules) && _denied.SequenceEqual(other._denied);

    public override bool Equals(object? obj) => Equals(obj as DestinationRules);

    private static DestinationRule Parse(string text) =>
        DestinationRule.TryParse(text, out var rule, out var error) ? rule : throw new InvalidOperationException(error);

    public override int GetHashCode() => HashCode.Combine(_rules.Count, _rules.Count > 0 ? _rules[0] : null);
}
