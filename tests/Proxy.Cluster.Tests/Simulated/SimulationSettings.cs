namespace Proxy.Cluster.Tests.Simulated;

/// <summary>How large a simulated cluster is, and what happens to it.</summary>
internal sealed record SimulationSettings
{
    public int Workers { get; init; } = 1000;

    public int Clients { get; init; } = 100_000;

    /// <summary>Workers that have the whole of what a node has: the view of all members, shared limits, the lock; the others register and keep their leases.</summary>
    public int FullWorkers { get; init; } = 12;

    public int Seconds { get; init; } = 24 * 3600;

    /// <summary>The whole run follows from it.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Tunnels that each client wants.</summary>
    public int Tunnels { get; init; } = 3;

    /// <summary>What the full workers share.</summary>
    public int Limit { get; init; } = 1000;

    /// <summary>How long a stream lives on average.</summary>
    public int StreamSeconds { get; init; } = 300;

    /// <summary>A worker crashes so often, on average.</summary>
    public int CrashEverySeconds { get; init; } = 3 * 24 * 3600;

    /// <summary>Workers are cut off from the engine, or clients from workers, so often.</summary>
    public int PartitionEverySeconds { get; init; } = 3600;

    /// <summary>Some workers join for good and some leave, so often.</summary>
    public int ScaleEverySeconds { get; init; } = 3600;

    /// <summary>When all workers are replaced one after the other.</summary>
    public int UpgradeAtSecond { get; init; } = 10 * 3600;

    /// <summary>When the seed is restarted, and has forgotten everything.</summary>
    public int SeedRestartAtSecond { get; init; } = 18 * 3600;
}
