using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// The server that would have the fewest connections for its weight with this one added. Counting the new connection matters to slow start:
/// an idle server of a small weight would else win every time. Ties go by smooth weighted round robin among the tied.
/// </summary>
public sealed class LeastConnectionsPolicy : IBalancePolicy
{
    private readonly RoundRobinPolicy _ties = new();
    private Candidate[] _tied = [];

    public UpstreamServer Choose(ReadOnlySpan<Candidate> candidates, IPAddress? client)
    {
        if (_tied.Length < candidates.Length)
        {
            _tied = new Candidate[candidates.Length];
        }

        var count = 0;
        foreach (var candidate in candidates)
        {
            var order = count == 0 ? -1 : Compare(candidate, _tied[0]);
            if (order < 0)
            {
                count = 0;
            }

            if (order <= 0)
            {
                _tied[count++] = candidate;
            }
        }

        return count == 1 ? _tied[0].Server : _ties.Choose(_tied.AsSpan(0, count), client);
    }

    // Multiplied crosswise instead of divided: exact, so that equal loads are equal. 2^31 connections × 256,000 fit in 63 bits.
    private static int Compare(Candidate left, Candidate right) =>
        ((left.Server.LiveConnections + 1L) * right.Weight).CompareTo((right.Server.LiveConnections + 1L) * left.Weight);
}
