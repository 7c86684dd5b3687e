using Proxy.Cluster.Bans;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Bans;

/// <summary>Bans of one node at all others, under virtual time.</summary>
public sealed class SharedBanTests
{
    [Fact]
    public void A_ban_is_at_all_nodes_within_a_second_and_ends_by_itself()
    {
        using var cluster = new VirtualCluster();
        var (one, other) = (cluster.Start("one"), cluster.Start(record: null));
        cluster.Advance(1);
        one.Tell(new BanSource(Ban(cluster, "10.0.0.1", seconds: 20)));
        cluster.Advance(1);

        Assert.NotNull(Find(cluster, other, "10.0.0.1"));
        Assert.Null(Find(cluster, other, "10.0.0.2"));

        cluster.Advance(25);
        Assert.Null(Find(cluster, other, "10.0.0.1"));
        Assert.Empty(other.Bans.Bans);
        Assert.Empty(cluster.Ask<RangeAnswer>(new RangeRequest(KeyRange.Prefix("/tcpproxy/default/common/bans/"))).Values);
    }

    [Fact]
    public void Who_is_no_member_bans_too_and_a_ban_outlives_its_node()
    {
        using var cluster = new VirtualCluster();
        var (watcher, member) = (cluster.Start(record: null), cluster.Start("member"));
        cluster.Advance(1);
        watcher.Tell(new BanSource(Ban(cluster, "10.0.0.1", seconds: 60)));
        cluster.Advance(1);
        watcher.Kill();
        cluster.Advance(30);

        Assert.NotNull(Find(cluster, member, "10.0.0.1"));
        member.Tell(new UnbanSource("10.0.0.1"));
        cluster.Advance(1);
        Assert.Null(Find(cluster, member, "10.0.0.1"));
    }

    [Fact]
    public void What_could_not_be_told_while_the_engine_was_away_is_told_when_it_is_back()
    {
        using var cluster = new VirtualCluster();
        var (one, other) = (cluster.Start("one"), cluster.Start("other"));
        cluster.Advance(1);
        one.Engine.CutOff();
        for (var number = 0; number < 5; number++)
        {
            one.Tell(new BanSource(Ban(cluster, $"10.0.0.{number}", seconds: 60)));
        }

        cluster.Advance(2);
        one.Engine.Restore();
        cluster.Advance(8);

        Assert.Equal(5, Enumerable.Range(0, 5).Count(number => Find(cluster, other, $"10.0.0.{number}") is not null));
    }

    [Fact]
    public void A_ban_that_was_taken_back_before_it_could_be_told_is_not_told_any_more()
    {
        using var cluster = new VirtualCluster();
        var (one, other) = (cluster.Start("one"), cluster.Start("other"));
        cluster.Advance(1);
        one.Engine.CutOff();
        one.Tell(new BanSource(Ban(cluster, "10.0.0.1", seconds: 600)));
        one.Tell(new BanSource(Ban(cluster, "10.0.0.2", seconds: 600)));
        one.Tell(new UnbanSource("10.0.0.1"));
        one.Tell(new UnbanSource("10.0.0.2"));
        cluster.Advance(2);
        one.Engine.Restore();
        cluster.Advance(10);

        Assert.Empty(other.Bans.Bans);
    }

    [Fact]
    public void Without_an_engine_bans_pile_up_no_further_than_their_bound()
    {
        var teller = new BanTeller("/bans/");
        var told = 0;
        while (teller.Add(new SharedBan($"10.0.{told / 250}.{told % 250}", BanScope.All, long.MaxValue, "")))
        {
            told++;
        }

        Assert.Equal(1000, told);
    }

    [Fact]
    public void A_board_keeps_the_longer_and_wider_ban_and_has_a_bound()
    {
        var board = new BanBoard();
        board.Add(new SharedBan("10.0.0.1", BanScope.Passwords, 5000, "guesses"), 0);
        Assert.Null(board.Find("10.0.0.1", BanScope.All, 1000));
        Assert.NotNull(board.Find("10.0.0.1", BanScope.Passwords, 1000));
        Assert.Null(board.Find("10.0.0.1", BanScope.Passwords, 5000));

        board.Add(new SharedBan("10.0.0.1", BanScope.All, 9000, "by hand"), 0);
        board.Add(new SharedBan("10.0.0.1", BanScope.All, 8000, "shorter"), 0);
        Assert.Equal("by hand", board.Find("10.0.0.1", BanScope.Passwords, 6000)?.Why);
        board.Remove(BanScope.Passwords, "10.0.0.1");
        Assert.Equal("by hand", board.Find("10.0.0.1", BanScope.All, 8500)?.Why);

        for (var number = 0; number < BanBoard.MaximumBans + 10; number++)
        {
            board.Add(new SharedBan($"10.1.{number / 250}.{number % 250}", BanScope.All, 20_000, ""), 0);
        }

        Assert.Equal(BanBoard.MaximumBans, board.Count);
        board.Add(new SharedBan("10.9.9.9", BanScope.All, 90_000, ""), 30_000);
        Assert.NotNull(board.Find("10.9.9.9", BanScope.All, 30_000));
    }

    [Fact]
    public void A_ban_for_guesses_takes_nothing_from_one_by_hand_and_both_outlive_a_restart_of_the_seed()
    {
        using var cluster = new VirtualCluster();
        var (one, other) = (cluster.Start("one"), cluster.Start("other"));
        cluster.Advance(1);
        one.Tell(new BanSource(Ban(cluster, "10.0.0.1", seconds: 600)));
        other.Tell(new BanSource(Ban(cluster, "10.0.0.1", seconds: 2) with { Scope = BanScope.Passwords }));
        cluster.Advance(20);
        Assert.NotNull(Find(cluster, one, "10.0.0.1"));
        Assert.NotNull(Find(cluster, other, "10.0.0.1"));

        cluster.RestartStore(one, other);
        cluster.Advance(60);
        Assert.NotNull(Find(cluster, other, "10.0.0.1"));
        Assert.Single(other.Bans.Bans);
    }

    [Theory]
    [InlineData("{}", "all/10.0.0.1")]
    [InlineData("{\"until\":\"5\",\"why\":\"\"}", "everything/10.0.0.1")]
    [InlineData("{\"until\":\"5\",\"why\":\"\"}", "all/somewhere")]
    [InlineData("{\"until\":\"5\",\"why\":\"\"}", "10.0.0.1")]
    [InlineData("[1", "all/10.0.0.1")]
    public void What_is_no_ban_is_not_read(string json, string key) =>
        Assert.False(BanJson.TryRead(System.Text.Encoding.UTF8.GetBytes(json), key, out _));

    private static SharedBan Ban(VirtualCluster cluster, string source, int seconds) =>
        new(source, BanScope.All, cluster.Time.GetUtcNow().ToUnixTimeMilliseconds() + (1000 * seconds), "test");

    private static SharedBan? Find(VirtualCluster cluster, VirtualNode node, string source) =>
        node.Bans.Find(source, BanScope.All, cluster.Time.GetUtcNow().ToUnixTimeMilliseconds());
}
