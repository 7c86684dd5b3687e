using System.Text;

namespace Proxy.Cluster.Members;

/// <summary>
/// One client's order of the members: each is ranked by a hash of both names and its weight, so that clients spread over members by their weights,
/// and a member that comes or goes concerns only those whose first ones it is among.
/// </summary>
public readonly struct Rendezvous
{
    private const ulong OffsetBasis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    private readonly ulong _client;

    /// <param name="client">Who chooses, the same each time.</param>
    public Rendezvous(string client)
    {
        var hash = OffsetBasis;
        foreach (var part in Encoding.UTF8.GetBytes(client))
        {
            hash = (hash ^ part) * Prime;
        }

        // A zero ends the name.
        _client = hash * Prime;
    }

    /// <summary>The first <paramref name="count"/> of the members in this client's order; fewer where there are not as many.</summary>
    /// <param name="members">In any order; those without a capacity weigh as much as all others do on average.</param>
    /// <param name="averageWeight">The <see cref="AverageWeight"/> of all members there are.</param>
    public Member[] Best(IReadOnlyCollection<Member> members, double averageWeight, int count)
    {
        // A few of many: kept in order while all are looked at once.
        var best = new Member[Math.Min(count, members.Count)];
        var scores = new double[best.Length];
        var found = 0;
        foreach (var member in members)
        {
            var score = Score(member.Name, WeightOf(member, averageWeight));
            if (found == best.Length && (found == 0 || score <= scores[found - 1]))
            {
                continue;
            }

            var place = found < best.Length ? found++ : found - 1;
            for (; place > 0 && scores[place - 1] < score; place--)
            {
                (best[place], scores[place]) = (best[place - 1], scores[place - 1]);
            }

            (best[place], scores[place]) = (member, score);
        }

        return best;
    }

    /// <summary>What a member can take beside the others; above 0.</summary>
    /// <param name="average">The <see cref="AverageWeight"/> of all of them.</param>
    public static double WeightOf(Member member, double average) => member.Record.Capacity > 0 ? member.Record.Capacity : average;

    /// <summary>Of those that say what they can take; 1 where none does.</summary>
    public static double AverageWeight(IReadOnlyCollection<Member> members)
    {
        var (sum, count) = (0.0, 0);
        foreach (var member in members)
        {
            if (member.Record.Capacity > 0)
            {
                (sum, count) = (sum + member.Record.Capacity, count + 1);
            }
        }

        return count == 0 ? 1 : sum / count;
    }

    /// <summary>The larger comes first.</summary>
    public double Score(string member, double weight)
    {
        // 53 bits, shifted by a half so that it is never 0 or 1.
        var fraction = ((Hash(member) >> 11) + 0.5) / (1UL << 53);
        return -weight / Math.Log(fraction);
    }

    private ulong Hash(string member)
    {
        var hash = _client;
        foreach (var letter in member)
        {
            // Names of members are ASCII.
            hash = (hash ^ (byte)letter) * Prime;
        }

        // The last bytes have to reach all bits.
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
        return hash ^ (hash >> 31);
    }
}
