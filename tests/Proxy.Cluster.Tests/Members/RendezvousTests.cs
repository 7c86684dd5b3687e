using Proxy.Cluster.Members;

namespace Proxy.Cluster.Tests.Members;

public sealed class RendezvousTests
{
    private const int Clients = 3000;

    [Fact]
    public void Clients_spread_evenly_over_members()
    {
        var counts = Counts(Members(10, _ => 0));

        // 900 each; the deviation of such a count is about 25.
        Assert.Equal(10, counts.Count);
        Assert.All(counts, count => Assert.InRange(count.Value, 800, 1000));
    }

    [Fact]
    public void A_member_of_twice_the_capacity_is_first_for_twice_as_many()
    {
        var counts = Counts(Members(5, number => number == 0 ? 200 : 100), count: 1);

        // 1000 and 500 each.
        Assert.InRange(counts["member-0"], 900, 1100);
        Assert.All(counts.Where(count => count.Key != "member-0"), count => Assert.InRange(count.Value, 420, 580));
    }

    [Fact]
    public void A_member_that_comes_or_goes_concerns_only_those_who_choose_it()
    {
        var before = Members(9, _ => 0);
        var after = Members(10, _ => 0);
        var changed = 0;
        for (var client = 0; client < Clients; client++)
        {
            var (old, now) = (Choose(client, before), Choose(client, after));
            if (now.Contains("member-9"))
            {
                changed++;
                Assert.Equal(2, old.Intersect(now).Count());
            }
            else
            {
                Assert.Equal(old, now);
            }
        }

        // Three of ten.
        Assert.InRange(changed, 800, 1000);
    }

    [Fact]
    public void A_member_without_a_capacity_weighs_as_much_as_the_others_on_average()
    {
        var members = Members(3, number => number * 100);

        Assert.Equal([150, 100, 200], members.Select(member => Rendezvous.WeightOf(member, Rendezvous.AverageWeight(members))));
    }

    [Fact]
    public void Where_there_are_fewer_all_are_taken() =>
        Assert.Equal(2, new MemberChoice("client", 3).Choose(Members(2, _ => 0), _ => false).Count);

    private static Dictionary<string, int> Counts(Member[] members, int count = 3) =>
        Enumerable.Range(0, Clients).SelectMany(client => Choose(client, members, count)).GroupBy(name => name).ToDictionary(group => group.Key, group => group.Count());

    private static List<string> Choose(int client, Member[] members, int count = 3) =>
        [.. new MemberChoice($"client-{client}", count).Choose(members, _ => false).Select(member => member.Name)];

    private static Member[] Members(int count, Func<int, long> capacity) =>
    [
        .. Enumerable.Range(0, count).Select(number =>
            new Member(new MemberRecord { Name = $"member-{number}", Identity = "i", Capacity = capacity(number), State = MemberState.Up }, 1, 1)),
    ];
}
