using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// Smooth weighted round robin, as nginx does it: each candidate is owed its weight, the one owed most is chosen and pays the sum. Over one
/// cycle the shares are exactly the weights, and a heavy server's turns are spread over the cycle instead of following one another.
/// </summary>
public sealed class RoundRobinPolicy : IBalancePolicy
{
    public UpstreamServer Choose(ReadOnlySpan<Candidate> candidates, IPAddress? client)
    {
        var chosen = candidates[0].Server;
        var sum = 0L;
        foreach (var (server, weight) in candidates)
        {
            server.RoundRobinCredit += weight;
            sum += weight;
            if (server.RoundRobinCredit > chosen.RoundRobinCredit)
            {
                chosen = server;
            }
        }

        chosen.RoundRobinCredit -= sum;
        return chosen;
    }
}
