using Proxy.Policy.Balancing;

namespace Proxy.Policy.Tests.Balancing;

public sealed class UpstreamGroupTests
{
    [Fact]
    public void A_server_counts_a_connection_from_the_pick_to_the_return()
    {
        var group = Groups.RoundRobin(Groups.Server(1));
        var lease = group.Pick();
        Assert.Equal(1, lease.Server.LiveConnections);
        lease.Return();
        Assert.Equal((0, 1), (lease.Server.LiveConnections, lease.Server.TotalConnections));
    }

    [Fact]
    public void A_lease_given_back_twice_counts_once()
    {
        var group = Groups.RoundRobin(Groups.Server(1));
        group.Pick();
        var lease = group.Pick();
        lease.Return();
        lease.Return();
        Assert.Equal(1, lease.Server.LiveConnections);
    }

    [Fact]
    public void A_server_at_its_maximum_is_skipped()
    {
        var group = Groups.RoundRobin(Groups.Server(1, maximum: 1), Groups.Server(2));
        group.Pick();
        Assert.Equal(["s2", "s2", "s2"], group.PickNames(3));
    }

    [Fact]
    public void When_all_are_at_their_maximum_the_answer_is_to_wait()
    {
        var group = Groups.RoundRobin(Groups.Server(1, maximum: 1), Groups.Server(2, maximum: 1));
        group.Pick();
        group.Pick();
        Assert.Equal(PickStatus.AllFull, group.TryPick());
    }

    [Fact]
    public void Backups_are_not_used_while_another_server_is_in_service_even_if_it_is_full()
    {
        var group = Groups.RoundRobin(Groups.Server(1, maximum: 1), Groups.Server(2, isBackup: true));
        group.Pick();
        Assert.Equal(PickStatus.AllFull, group.TryPick());
    }

    [Fact]
    public void Backups_are_used_when_no_other_server_is_in_service()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2, isBackup: true), Groups.Server(3, isBackup: true));
        group.HandleChecked(group.Servers[0], isUp: false, "", 0);
        Assert.Equal(["s2", "s3"], group.PickNames(2));
    }

    [Fact]
    public void A_connection_is_not_sent_to_a_server_it_has_failed_on()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2), Groups.Server(3));
        group.TryPick(new PickRequest(null, [group.Servers[0], group.Servers[2]]), 0, out var lease);
        Assert.Equal("s2", lease!.Server.Settings.Name);
    }

    [Fact]
    public void A_connection_that_has_failed_on_all_others_tries_the_backups()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2, isBackup: true));
        group.TryPick(new PickRequest(null, [group.Servers[0]]), 0, out var lease);
        Assert.Equal("s2", lease!.Server.Settings.Name);
    }

    [Fact]
    public void A_connection_that_has_failed_everywhere_is_told_so()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2, isBackup: true));
        Assert.Equal(PickStatus.AllTried, group.TryPick([.. group.Servers]));
    }

    [Fact]
    public void A_retry_waits_for_a_full_server_it_has_not_tried()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2, maximum: 1));
        group.TryPick(group.Servers[0]);
        Assert.Equal(PickStatus.AllFull, group.TryPick(group.Servers[0]));
    }

    [Fact]
    public void Without_a_server_in_service_nothing_is_picked()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2, weight: 0), Groups.Server(3));
        group.HandleChecked(group.Servers[0], isUp: false, "", 0);
        group.SetDraining(group.Servers[2], isDraining: true, 0);
        Assert.Equal(PickStatus.NoneUsable, group.TryPick());
        Assert.False(group.HasUsable);
    }

    [Fact]
    public void An_empty_group_picks_nothing() =>
        Assert.Equal(PickStatus.NoneUsable, Groups.RoundRobin().TryPick());

    [Fact]
    public void A_draining_server_keeps_its_connections_and_gets_no_more()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2));
        var lease = group.Pick();
        group.SetDraining(lease.Server, isDraining: true, 0);
        Assert.Equal(["s2", "s2"], group.PickNames(2));
        Assert.Equal((1, ServerState.Draining), (lease.Server.LiveConnections, group.StateOf(lease.Server, 0)));
        group.SetDraining(lease.Server, isDraining: false, 0);
        Assert.Equal(ServerState.Up, group.StateOf(lease.Server, 0));
        Assert.Equal([ServerChange.DrainStarted, ServerChange.DrainEnded], group.TakeChanges());
    }

    [Fact]
    public void What_is_already_known_of_a_server_makes_no_event()
    {
        var group = Groups.RoundRobin(Groups.Server(1), Groups.Server(2));
        var server = group.Servers[0];
        group.HandleChecked(server, isUp: true, "", 0);
        group.SetDraining(server, isDraining: false, 0);
        group.HandleChecked(server, isUp: false, "refused", 0);
        group.HandleChecked(server, isUp: false, "refused", 1);
        Assert.True(group.TryGetEvent(out var next));
        Assert.Equal(new ServerEvent(server, ServerChange.WentDown, "refused"), next);
        Assert.False(group.TryGetEvent(out _));
    }

    [Fact]
    public void Events_that_nobody_takes_are_bounded()
    {
        var group = Groups.RoundRobin(Groups.Server(1));
        for (var turn = 0; turn < 2 * BalancingLimits.MaximumEvents; turn++)
        {
            group.SetDraining(group.Servers[0], isDraining: turn % 2 == 0, turn);
        }

        Assert.Equal(BalancingLimits.MaximumEvents, group.TakeChanges().Length);
    }

    [Fact]
    public void An_address_twice_in_a_group_is_refused() =>
        Assert.Throws<ArgumentException>(() => Groups.RoundRobin(Groups.Server(1), Groups.Server(1, weight: 2)));

    [Theory]
    [InlineData(-1)]
    [InlineData(257)]
    public void A_weight_out_of_range_is_refused(int weight) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Groups.Server(1, weight));
}
