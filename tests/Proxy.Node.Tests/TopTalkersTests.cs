using Proxy.Actors;
using Proxy.Cluster.Members;
using Proxy.Node.Hosting;

namespace Proxy.Node.Tests;

public sealed class TopTalkersTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly TopTalkers _talkers = new();

    [Fact]
    public void Sources_are_ordered_by_what_they_moved_since_the_last_look()
    {
        Assert.Empty(_talkers.Update([Connection(1, "10.0.0.1:5000", 1_000_000)], Interval));

        var talkers = _talkers.Update(
            [Connection(1, "10.0.0.1:5000", 1_000_100), Connection(2, "10.0.0.2:5000", 3000), Connection(3, "10.0.0.2:5001", 1000), Connection(4, "[::1]:5000", 0)], Interval);

        Assert.Equal([new MemberTalker("10.0.0.2", 2, 2000), new MemberTalker("10.0.0.1", 1, 50)], talkers);
    }

    [Fact]
    public void No_more_than_five_are_told_and_names_have_a_bound()
    {
        _talkers.Update([], Interval);

        var talkers = _talkers.Update([.. Enumerable.Range(0, 20).Select(number => Connection(number, $"{new string('x', 100)}{number:00}", 1000 + number))], Interval);

        Assert.Equal(MemberRecord.MaximumTalkers, talkers.Length);
        Assert.All(talkers, talker => Assert.Equal(MemberRecord.MaximumTalkerLength, talker.Name.Length));
    }

    private static ConnectionStatus Connection(long id, string client, long bytes) => new(id, "web", client, null, "relaying", 1, bytes / 4, bytes - (bytes / 4));
}
