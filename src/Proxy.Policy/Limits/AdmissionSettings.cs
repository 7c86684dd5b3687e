namespace Proxy.Policy.Limits;

/// <summary>
/// What limits a listener's connections. Every limit is off (its largest value, or no rate) unless set. Prefix lengths are 0 to 32 and 0 to 128.
/// </summary>
public sealed record AdmissionSettings
{
    public static readonly AdmissionSettings Unlimited = new();

    public int MaximumConnections { get; init; } = int.MaxValue;

    public int MaximumConnectionsPerSource { get; init; } = int.MaxValue;

    public int MaximumConnectionsPerPrefix { get; init; } = int.MaxValue;

    /// <summary>The usual size of one site.</summary>
    public int IPv4PrefixLength { get; init; } = 24;

    /// <summary>What one customer gets at the least (RFC 6177), so that its many addresses count as one.</summary>
    public int IPv6PrefixLength { get; init; } = 64;

    /// <summary>0: any rate.</summary>
    public long AcceptsPerSecond { get; init; }

    /// <summary>How many may come at once when there is a rate; 0: a tenth of a second's worth, at least one.</summary>
    public long AcceptBurst { get; init; }

    /// <summary>How many may wait for a place or for the accept rate; 0: none, they are refused at once.</summary>
    public int MaximumQueued { get; init; }

    public long QueueDeadlineMicroseconds { get; init; } = 5_000_000;
}
