using Proxy.Cluster.Members;

namespace Proxy.Cluster.Tests.Members;

public sealed class MemberChoiceTests
{
    [Fact]
    public void Those_of_the_own_zone_come_first_and_the_last_is_of_another()
    {
        Member[] members = [.. Enumerable.Range(0, 20).Select(number => MemberOf($"m{number}", number % 4 == 0 ? "here" : "there"))];
        for (var client = 0; client < 100; client++)
        {
            var chosen = Choose(new MemberChoice($"client-{client}", 3, "here"), members);

            Assert.Equal(["here", "here", "there"], chosen.Select(member => member.Record.Zone));
        }
    }

    [Fact]
    public void Where_the_own_zone_has_too_few_others_help_out()
    {
        Member[] members = [MemberOf("a", "here"), MemberOf("b", "there"), MemberOf("c", "")];

        Assert.Equal(3, Choose(new MemberChoice("client", 3, "here"), members).Count);
        Assert.Equal("a", Choose(new MemberChoice("client", 3, "here"), members)[0].Name);
        Assert.Equal("a", Assert.Single(Choose(new MemberChoice("client", 1, "here"), members)).Name);
    }

    [Fact]
    public void For_each_that_cannot_be_reached_there_is_one_more()
    {
        Member[] members = [.. Enumerable.Range(0, 10).Select(number => MemberOf($"m{number}", ""))];
        var choice = new MemberChoice("client", 3);
        var usual = Choose(choice, members).Select(member => member.Name).ToArray();

        var without = choice.Choose(members, name => name == usual[0]).Select(member => member.Name).ToArray();
        Assert.Equal(usual, without[..3]);
        Assert.Equal(4, without.Length);

        Assert.Equal(6, choice.Choose(members, _ => true).Count);
    }

    private static IReadOnlyList<Member> Choose(MemberChoice choice, Member[] members) => choice.Choose(members, _ => false);

    private static Member MemberOf(string name, string zone) =>
        new(new MemberRecord { Name = name, Identity = "i", Zone = zone, State = MemberState.Up }, 1, 1);
}
