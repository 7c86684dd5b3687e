using System.Diagnostics.CodeAnalysis;

namespace Proxy.Policy.Balancing;

/// <summary>The policies by the names they have in settings and on the command line.</summary>
public static class BalancePolicies
{
    public const string RoundRobin = "round-robin";
    public const string LeastConnections = "least-connections";
    public const string RandomTwo = "random-two";
    public const string Source = "source";
    public const string First = "first";

    public static IReadOnlyList<string> Names { get; } = [RoundRobin, LeastConnections, RandomTwo, Source, First];

    /// <summary>A policy for one group; false: no policy has this name. Its random choices come from <paramref name="random"/> alone.</summary>
    public static bool TryCreate(string name, Random random, [NotNullWhen(true)] out IBalancePolicy? policy)
    {
        policy = name switch
        {
            RoundRobin => new RoundRobinPolicy(),
            LeastConnections => new LeastConnectionsPolicy(),
            RandomTwo => new RandomTwoPolicy(random),
            Source => new SourcePolicy(),
            First => new FirstPolicy(),
            _ => null,
        };
        return policy is not null;
    }
}
