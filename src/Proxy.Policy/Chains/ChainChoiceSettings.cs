namespace Proxy.Policy.Chains;

/// <summary>How the chains of a set are compared; immutable.</summary>
public sealed record ChainChoiceSettings
{
    public static ChainChoiceSettings Default { get; } = new();

    /// <summary>From one measurement of a chain to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How much better another chain has to be before it takes over.</summary>
    public double Advantage { get; init; } = 1.15;

    /// <summary>How many of its measurements running it has to be so.</summary>
    public int Confirmations { get; init; } = 3;

    /// <summary>How long a chain that failed is left alone at first; twice as long each time.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(60);
}
