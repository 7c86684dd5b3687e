namespace Proxy.Policy.Health;

/// <summary>When a server is checked and how many results change the mind; immutable. What is said in a check: <see cref="CheckKind"/>.</summary>
public sealed record CheckSettings
{
    public static CheckSettings Default { get; } = new();

    /// <summary>From the beginning of one check to the beginning of the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The interval while results contradict what the server is held to be; null: <see cref="Interval"/>. A failing server is found out soon
    /// without being asked often while all is well.
    /// </summary>
    public TimeSpan? FastInterval { get; init; }

    /// <summary>From the beginning of a check to the latest moment its result may come.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Checks in a row that must pass for a server to come up.</summary>
    public int Up { get; init; } = 2;

    /// <summary>Checks in a row that must fail for a server to go down.</summary>
    public int Down { get; init; } = 3;

    /// <summary>How far an interval may be off, either way, so that many servers are not checked at the same moment.</summary>
    public int JitterPercent { get; init; } = 10;
}
