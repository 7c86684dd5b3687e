using Proxy.Cluster.Members;
using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Actors;

/// <summary>One name, and who has it: another node, this node before its restart, or this node without knowing it.</summary>
public sealed class MemberNameTests
{
    [Fact]
    public void A_name_that_another_node_has_is_said_clearly_and_taken_when_it_is_free()
    {
        using var cluster = new VirtualCluster();
        var first = cluster.Start("one");
        var second = cluster.Start(VirtualCluster.Record("one") with { Identity = "somebody else" });

        var taken = Assert.Single(second.TakeEvents().OfType<MemberNameTaken>());
        Assert.Contains("'one'", taken.Text, StringComparison.Ordinal);
        Assert.Contains("kcp://127.0.0.1:4000", taken.Text, StringComparison.Ordinal);
        Assert.Equal("identity of one", first.View.Members["one"].Record.Identity);

        first.Tell(LeaveCluster.Instance);
        cluster.Advance(5);
        Assert.Equal("somebody else", second.View.Members["one"].Record.Identity);
    }

    [Fact]
    public void A_node_that_was_killed_and_restarted_takes_its_own_old_record_over_at_once()
    {
        using var cluster = new VirtualCluster();
        var observer = cluster.Start("observer");
        cluster.Start("one").Kill();
        var again = cluster.Start(VirtualCluster.Record("one") with { StartedAtMilliseconds = 2 });

        Assert.Empty(again.TakeEvents().OfType<MemberNameTaken>());
        Assert.Equal(2, observer.View.Members["one"].Record.StartedAtMilliseconds);

        // The old lease ends and does not take the new record along.
        cluster.Advance(20);
        Assert.Equal("observer one", observer.Names);
    }

    [Fact]
    public void Of_two_processes_of_one_node_the_later_stays()
    {
        using var cluster = new VirtualCluster();
        var early = cluster.Start("one");
        cluster.Start(VirtualCluster.Record("one") with { StartedAtMilliseconds = 2 });
        cluster.Advance(5);
        early.Tell(new SetMemberLoad(new MemberLoad(500, 0, 0, 0), 1000));
        cluster.Advance(30);

        Assert.True(Assert.Single(early.TakeEvents().OfType<MemberNameTaken>()).IsSuperseded);
        Assert.Equal(2, early.View.Members["one"].Record.StartedAtMilliseconds);
    }

    [Fact]
    public void A_lost_answer_to_the_registration_is_made_out()
    {
        using var cluster = new VirtualCluster();
        var one = cluster.Start(record: null);
        var two = cluster.Start(record: null);
        Assert.Equal("", one.Names + two.Names);

        var three = cluster.Start("three");
        three.Engine.LosesAnswers = true;
        three.Tell(new SetMemberState(MemberState.Draining));
        cluster.Advance(3);
        three.Engine.LosesAnswers = false;
        cluster.Advance(10);

        Assert.Equal(MemberState.Draining, one.View.Members["three"].Record.State);
        Assert.Empty(three.TakeEvents().OfType<MemberNameTaken>());
    }
}
