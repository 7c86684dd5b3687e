using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// Two different servers drawn by weight, then the one with fewer connections for its weight; equal ones: the one drawn first. Many
/// balancers that do not know of each other stay even this way, where the least connections of all would send them to one server together.
/// </summary>
public sealed class RandomTwoPolicy : IBalancePolicy
{
    private readonly Random _random;

    public RandomTwoPolicy(Random random)
    {
        _random = random;
    }

    public UpstreamServer Choose(ReadOnlySpan<Candidate> candidates, IPAddress? client)
    {
        if (candidates.Length == 1)
        {
            return candidates[0].Server;
        }

        var sum = 0L;
        foreach (var candidate in candidates)
        {
            sum += candidate.Weight;
        }

        var first = Draw(candidates, sum, excluded: -1);
        var second = Draw(candidates, sum - candidates[first].Weight, excluded: first);
        return IsLessLoaded(candidates[second], candidates[first]) ? candidates[second].Server : candidates[first].Server;
    }

    private int Draw(ReadOnlySpan<Candidate> candidates, long sum, int excluded)
    {
        var left = _random.NextInt64(sum);
        var index = 0;
        while (index == excluded || left >= candidates[index].Weight)
        {
            left -= index == excluded ? 0 : candidates[index].Weight;
            index++;
        }

        return index;
    }

    private static bool IsLessLoaded(Candidate left, Candidate right) =>
        left.Server.LiveConnections * right.Weight < right.Server.LiveConnections * left.Weight;
}
