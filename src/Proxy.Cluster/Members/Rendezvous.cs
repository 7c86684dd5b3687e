using System.Text;

namespace Proxy.Cluster.Members;

/// <summary>
/// Which members a client uses: each client ranks all members by a hash of both names, so that clients spread over members by their weights, and a
/// member that comes or goes concerns only those whose first ones it is among.
/// </summary>
public static class Rendezvous
{
    private const ulong OffsetBasis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>The first <paramref name="count"/> of the members in the client's order; fewer where there are not as many.</summary>
    /// <param name="client">Who chooses, the same each time.</param>
    /// <param name="members">In any order; those without a capacity weigh as much as all others do on average.</param>
    public static IReadOnlyList<Member> Choose(string client, IReadOnlyCollection<Member> members, int count) =>
        [.. members.OrderByDescending(member => Score(client, member.Name, WeightOf(member, members))).ThenBy(member => member.Name, StringComparer.Ordinal).Take(count)];

    /// <summary>What a member can take beside the others; above 0.</summary>
    public static double WeightOf(Member member, IReadOnlyCollection<Member> members)
    {
        if (member.Record.Capacity > 0)
        {
            return member.Record.Capacity;
        }

        var known = members.Where(other => other.Record.Capacity > 0).Select(other => (double)other.Record.Capacity).ToArray();
        return known.Length == 0 ? 1 : known.Average();
    }

    private static double Score(string client, string member, double weight)
    {
        // 53 bits, shifted by a half so that it is never 0 or 1.
        var fraction = ((Hash(client, member) >> 11) + 0.5) / (1UL << 53);
        return -weight / Math.Log(fraction);
    }

    private static ulong Hash(string client, string member)
    {
        var hash = OffsetBasis;
        foreach (var part in Encoding.UTF8.GetBytes($"{client}\0{member}"))
        {
            hash = (hash ^ part) * Prime;
        }

        // The last bytes have to reach all bits.
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
        return hash ^ (hash >> 31);
    }
}
