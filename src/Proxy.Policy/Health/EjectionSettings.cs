namespace Proxy.Policy.Health;

/// <summary>When a server whose connections fail is taken out of service, for how long, and how many may be; immutable.</summary>
public sealed record EjectionSettings
{
    private readonly int _consecutiveFailures = 5;

    public static EjectionSettings Default { get; } = new();

    /// <summary>
    /// Failures in a row, all within <see cref="Window"/>; 0: this alone never ejects. At most <see cref="MaximumConsecutiveFailures"/>.
    /// </summary>
    public int ConsecutiveFailures
    {
        get => _consecutiveFailures;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaximumConsecutiveFailures);
            _consecutiveFailures = value;
        }
    }

    /// <summary>The share of failures among the outcomes of the window that ejects; 0: this alone never ejects.</summary>
    public int FailurePercent { get; init; }

    /// <summary>Fewer outcomes in the window than this say nothing about a share.</summary>
    public int MinimumOutcomes { get; init; } = 20;

    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the first ejection lasts; the second twice, the third three times as long.</summary>
    public TimeSpan BaseTime { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan MaximumTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The share of the group's servers that may be ejected at once, rounded down but at least one; 0: none. Never the last in service.
    /// </summary>
    public int MaximumPercent { get; init; } = 50;

    /// <summary>Their times are kept, 8 bytes each, for every server.</summary>
    public const int MaximumConsecutiveFailures = 1000;
}
