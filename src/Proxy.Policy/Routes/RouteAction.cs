namespace Proxy.Policy.Routes;

public enum RouteKind
{
    /// <summary>It is refused.</summary>
    Block,

    /// <summary>From this node straight to the destination.</summary>
    Direct,

    /// <summary>Through a chain of a set.</summary>
    Chains,
}

/// <summary>What is done with a connection.</summary>
/// <param name="ChainSet">The set's name; null for the other kinds.</param>
public sealed record RouteAction(RouteKind Kind, string? ChainSet)
{
    public static RouteAction Block { get; } = new(RouteKind.Block, null);

    public static RouteAction Direct { get; } = new(RouteKind.Direct, null);

    public static RouteAction Through(string chainSet)
    {
        ArgumentException.ThrowIfNullOrEmpty(chainSet);
        return new RouteAction(RouteKind.Chains, chainSet);
    }

    public override string ToString() => ChainSet ?? Kind.ToString().ToLowerInvariant();
}
