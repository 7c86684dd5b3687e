namespace Proxy.Cluster.Members;

/// <summary>Which members a client keeps tunnels to. Pure.</summary>
/// <param name="client">Who chooses, the same each time.</param>
/// <param name="count">How many it wants.</param>
/// <param name="zone">Its own; empty: it has none.</param>
public sealed class MemberChoice(string client, int count, string zone = "")
{
    private readonly Rendezvous _order = new(client);

    /// <summary>
    /// The first ones in the client's order; those of its own zone before all others, but for the last, which is of another zone, so that a
    /// zone may fail. For each of them that cannot be reached there is one more, as long as others are left.
    /// </summary>
    /// <param name="members">Those that take streams, in any order.</param>
    /// <param name="isSuspect">Whether the member of that name cannot be reached from here.</param>
    public IReadOnlyList<Member> Choose(IReadOnlyCollection<Member> members, Func<string, bool> isSuspect)
    {
        var chosen = new List<Member>(count);
        var reachable = 0;
        foreach (var member in InOrder(members))
        {
            if (reachable == count || chosen.Count == MostInstead * count)
            {
                break;
            }

            chosen.Add(member);
            reachable += isSuspect(member.Name) ? 0 : 1;
        }

        return chosen;
    }

    /// <summary>
    /// Whether a member that has joined may be among this client's first ones, given the least of those: for who has many clients to ask. Without zones.
    /// </summary>
    public double ScoreOf(Member member, double averageWeight) => _order.Score(member.Name, Rendezvous.WeightOf(member, averageWeight));

    private Member[] InOrder(IReadOnlyCollection<Member> members)
    {
        var (average, most) = (Rendezvous.AverageWeight(members), MostInstead * count);
        if (zone.Length == 0)
        {
            return _order.Best(members, average, most);
        }

        var own = _order.Best([.. members.Where(member => member.Record.Zone == zone)], average, most);
        var others = _order.Best([.. members.Where(member => member.Record.Zone != zone)], average, most);
        var before = count > 1 ? Math.Min(count - 1, own.Length) : own.Length;
        return [.. own[..before], .. others.Take(1), .. own[before..], .. others.Skip(1)];
    }

    private const int MostInstead = 2;
}
