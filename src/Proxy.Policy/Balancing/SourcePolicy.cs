using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// A client's address always leads to the same server, on every node: weighted rendezvous hashing. Each server has a score for the client
/// and the highest wins. Chosen over a ring or a table because a lost, full or returning server then moves exactly its own clients, weights
/// are exact in the limit, and nothing is stored; the cost is one hash and one logarithm per server and pick (30 ns).
/// </summary>
public sealed class SourcePolicy : IBalancePolicy
{
    public UpstreamServer Choose(ReadOnlySpan<Candidate> candidates, IPAddress? client)
    {
        var key = client is null ? 0 : StableHash.Of(client);
        var chosen = candidates[0].Server;
        var best = double.NegativeInfinity;
        foreach (var (server, weight) in candidates)
        {
            var score = Score(key, server, weight);
            if (score > best)
            {
                (chosen, best) = (server, score);
            }
        }

        return chosen;
    }

    // -weight / ln(u) with u uniform in (0, 1): the chance to be the largest is the weight's share of the sum.
    private static double Score(ulong key, UpstreamServer server, long weight)
    {
        var uniform = ((StableHash.Mix(key ^ server.HashKey) >> 11) + 0.5) * (1.0 / (1UL << 53));
        return -weight / Math.Log(uniform);
    }
}
