using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;
using Proxy.Cluster.Tests.Harness;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Actors;

/// <summary>Members that come, go, and lose their engine, under virtual time with the seed's store as the engine.</summary>
public sealed class ClusterActorTests
{
    [Fact]
    public void A_member_is_seen_by_all_and_they_by_it()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        var two = cluster.Start("two");

        Assert.Equal("one two", one.Names);
        Assert.Equal("one two", two.Names);
        Assert.Equal(["one", "two"], one.TakeEvents().OfType<MemberUp>().Select(up => up.Member.Name));
        Assert.False(one.View.IsStale);
    }

    [Fact]
    public void A_watcher_sees_members_and_is_none()
    {
        using var cluster = new VirtualCluster();
        var watcher = cluster.Start(record: null);
        cluster.Start("one");
        cluster.Advance(60);

        Assert.Equal("one", watcher.Names);
        Assert.DoesNotContain(watcher.Engine.Requests, request => request.IsWrite);
    }

    [Fact]
    public void A_member_that_leaves_is_gone_at_once_and_one_that_dies_with_its_lease()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        var two = cluster.Start("two");
        var three = cluster.Start("three");
        one.TakeEvents();

        two.Tell(LeaveCluster.Instance);
        two.Views.ExpectMsg(LeftCluster.Instance);
        Assert.Equal("one three", one.Names);

        three.Kill();
        cluster.Advance(3);
        Assert.Equal("one three", one.Names);
        cluster.Advance(3);
        Assert.Equal("one", one.Names);
        Assert.Equal(["two", "three"], one.TakeEvents().OfType<MemberRemoved>().Select(gone => gone.Member.Name));
    }

    [Fact]
    public void A_member_that_drains_is_told_at_once_and_does_not_come_back()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        var two = cluster.Start("two");
        one.TakeEvents();
        two.Tell(new SetMemberState(MemberState.Draining));
        two.Tell(new SetMemberState(MemberState.Up));

        Assert.Equal("two", Assert.IsType<MemberLeaving>(Assert.Single(one.TakeEvents())).Member.Name);
        Assert.Equal(["one"], one.View.Up.Select(member => member.Name));
        cluster.Advance(60);
        Assert.Equal(MemberState.Draining, one.View.Members["two"].Record.State);
    }

    [Fact]
    public void A_joining_member_is_up_when_it_says_so()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        var two = cluster.Start(VirtualCluster.Record("two", MemberState.Joining));
        one.TakeEvents();
        two.Tell(new SetMemberState(MemberState.Up));

        Assert.Equal("two", Assert.IsType<MemberUp>(Assert.Single(one.TakeEvents())).Member.Name);
    }

    [Fact]
    public void Load_is_written_when_it_differs_by_a_tenth_and_at_most_once_in_ten_seconds()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        cluster.Advance(15);
        var writes = Writes(one);
        for (var tenth = 1; tenth <= 600; tenth++)
        {
            one.Tell(new SetMemberLoad(new MemberLoad(tenth * 100, 0, 0, 0), 1000));
            cluster.Advance(0.1);
        }

        Assert.InRange(Writes(one) - writes, 4, 7);

        cluster.Advance(30);
        Assert.Equal(60_000, one.View.Members["one"].Record.Load.Streams);
        writes = Writes(one);
        one.Tell(new SetMemberLoad(new MemberLoad(62_000, 0, 0, 0), 1000));
        cluster.Advance(30);
        Assert.Equal(writes, Writes(one));
    }

    [Fact]
    public void While_the_engine_is_away_the_view_stays_and_is_stale()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        cluster.Start("two");
        one.TakeEvents();
        one.Engine.CutOff();
        cluster.Advance(60);

        var view = one.View;
        Assert.Equal("one two", one.Names);
        Assert.True(view.IsStale);
        Assert.InRange(cluster.Now - view.StaleSinceMicroseconds, 58 * Clock.Second, 60 * Clock.Second);
        Assert.IsType<EngineAway>(Assert.Single(one.TakeEvents()));

        one.Engine.Restore();
        cluster.Advance(10);
        Assert.False(one.View.IsStale);
        Assert.Equal("one two", one.Names);
        Assert.Contains(new EngineBack(false), one.TakeEvents());
    }

    [Fact]
    public void Retries_at_an_engine_that_is_away_become_fewer()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        one.Engine.CutOff();
        cluster.Advance(60);
        var before = one.Engine.Requests.Count;
        cluster.Advance(60);

        Assert.InRange(one.Engine.Requests.Count - before, 5, 60);
    }

    [Fact]
    public void A_restarted_seed_is_another_engine_and_nobody_is_gone_for_it()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        var two = cluster.Start("two");
        var dead = cluster.Start("three");
        cluster.Advance(20);
        one.TakeEvents();
        dead.Kill();
        cluster.RestartStore(one, two);
        cluster.Advance(5);

        // Both have registered again; the third may yet.
        var events = one.TakeEvents();
        Assert.Contains(new EngineBack(true), events);
        Assert.DoesNotContain(events, happened => happened is MemberRemoved or MemberUp);
        Assert.Equal("one three two", one.Names);
        Assert.Equal(cluster.Store.Header.ClusterId, one.View.ClusterId);
        Assert.Equal(2, cluster.Ask<RangeAnswer>(new RangeRequest(KeyRange.Prefix("/tcpproxy/default/common/members/"))).Count);

        cluster.Advance(10);
        Assert.Equal("one two", one.Names);
        Assert.Equal("three", Assert.IsType<MemberRemoved>(Assert.Single(one.TakeEvents())).Member.Name);
    }

    [Fact]
    public void A_record_that_somebody_has_deleted_is_written_again()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        cluster.Ask<DeleteAnswer>(new DeleteRequest(KeyRange.One("/tcpproxy/default/common/members/one")));
        cluster.Advance(2);

        Assert.Equal("one", one.Names);
    }

    [Fact]
    public void A_record_that_is_none_is_said_and_passed_over()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        cluster.Ask<PutAnswer>(new PutRequest(KeyText.Bytes("/tcpproxy/default/common/members/odd"), [0xff]));
        cluster.Run();

        Assert.Equal("one", one.Names);
        Assert.Equal(1, one.View.UnreadableRecords);
        Assert.Single(one.TakeEvents().OfType<MemberUnreadable>());
    }

    [Fact]
    public void A_clock_that_is_far_off_and_a_version_that_differs_are_said()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        cluster.Start("two");
        one.TakeEvents();
        var strange = VirtualCluster.Record("odd") with
        {
            Version = "0.2.0",
            ClockMilliseconds = cluster.Time.GetUtcNow().ToUnixTimeMilliseconds() - 30_000,
        };
        cluster.Ask<PutAnswer>(new PutRequest(KeyText.Bytes("/tcpproxy/default/common/members/odd"), MemberJson.Write(strange)));
        cluster.Run();
        var events = one.TakeEvents();

        Assert.Equal(-30_000, Assert.Single(events.OfType<MemberClockDiffers>()).AheadMilliseconds);
        Assert.Equal(["0.1.0", "0.2.0"], Assert.Single(events.OfType<MemberVersionsDiffer>()).Versions.Keys);
    }

    [Fact]
    public void A_member_is_unreachable_as_long_as_anybody_says_so()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        cluster.Start("two");
        var (first, second) = (new TestProbe(one.System), new TestProbe(one.System));
        one.TakeEvents();

        first.Send(one.Actor, new SuspectMember("two"));
        second.Send(one.Actor, new SuspectMember("two"));
        second.Send(one.Actor, new SuspectMember("nobody"));
        cluster.Run();
        Assert.Equal("two", Assert.IsType<UnreachableMember>(Assert.Single(one.TakeEvents())).Member.Name);

        first.Send(one.Actor, new TrustMember("two"));
        cluster.Run();
        Assert.Empty(one.TakeEvents());

        one.System.Stop(second.Ref);
        cluster.Run();
        Assert.Equal("two", Assert.IsType<ReachableMember>(Assert.Single(one.TakeEvents())).Member.Name);
    }

    [Fact]
    public void A_node_asks_the_engine_as_often_with_many_members_as_with_few()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start("one");
        cluster.Advance(60);
        var alone = one.Engine.Requests.Count;
        for (var number = 0; number < 50; number++)
        {
            cluster.Start($"other-{number}");
        }

        var before = one.Engine.Requests.Count;
        cluster.Advance(60);

        Assert.InRange(one.Engine.Requests.Count - before, 30, 50);
        Assert.InRange(alone, 30, 50);
        Assert.Equal(51, one.View.Members.Count);
    }

    private static int Writes(VirtualNode node) => node.Engine.Requests.OfType<TransactionRequest>().Count();
}
