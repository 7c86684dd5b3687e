namespace Proxy.Policy.Names;

/// <summary>How long answers about names are kept.</summary>
public sealed record NameCacheSettings
{
    public static readonly NameCacheSettings Default = new();

    /// <summary>An answer is kept so long at least, whatever it says itself: a name that changes with each question would cost one for each connection.</summary>
    public TimeSpan LeastAge { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>… and so long at most.</summary>
    public TimeSpan MostAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>That there is no such name is kept so long at most.</summary>
    public TimeSpan NegativeAge { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For so long after it has run out an answer is used on when there is no new one; zero: never.</summary>
    public TimeSpan StaleAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Names that are kept.</summary>
    public int Names { get; init; } = 10_000;
}
