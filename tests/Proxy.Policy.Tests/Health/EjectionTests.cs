using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Policy.Tests.Balancing;

namespace Proxy.Policy.Tests.Health;

public sealed class EjectionTests
{
    private const long Second = 1_000_000;

    private static readonly EjectionSettings Settings = new()
    {
        ConsecutiveFailures = 3,
        Window = TimeSpan.FromSeconds(10),
        BaseTime = TimeSpan.FromSeconds(30),
        MaximumTime = TimeSpan.FromSeconds(75),
    };

    [Fact]
    public void Failures_in_a_row_eject_a_server_for_the_base_time()
    {
        var group = Group(Settings, 4);
        Fail(group, 0, 3, now: 5 * Second);
        Assert.Equal(ServerState.Ejected, group.StateOf(group.Servers[0], 5 * Second));
        Assert.Equal(35 * Second, group.NextDeadlineMicroseconds);
        Assert.DoesNotContain("s0", group.PickNames(20, 5 * Second));
        Assert.True(group.TryGetEvent(out var next));
        Assert.Equal(new ServerEvent(group.Servers[0], ServerChange.Ejected, "3 failures in a row, the last: Refused"), next);
    }

    [Fact]
    public void An_ejected_server_returns_when_its_time_is_over()
    {
        var group = Group(Settings, 4);
        Fail(group, 0, 3, now: 0);
        group.HandleDeadline((30 * Second) - 1);
        Assert.False(group.Servers[0].IsUsable);
        group.HandleDeadline(30 * Second);
        Assert.True(group.Servers[0].IsUsable);
        Assert.Null(group.NextDeadlineMicroseconds);
        Assert.Equal([ServerChange.Ejected, ServerChange.Returned], group.TakeChanges());
    }

    [Fact]
    public void A_returned_server_starts_slowly()
    {
        var group = new UpstreamGroup(
            [Groups.Server(0), Groups.Server(1)],
            new RoundRobinPolicy(),
            new UpstreamGroupSettings { Ejection = Settings, SlowStart = TimeSpan.FromSeconds(10) });
        Fail(group, 0, 3, now: 0);
        group.HandleDeadline(30 * Second);
        Assert.Equal(ServerState.SlowStarting, group.StateOf(group.Servers[0], 31 * Second));
    }

    [Fact]
    public void A_success_between_failures_starts_the_count_again()
    {
        var group = Group(Settings, 4);
        Fail(group, 0, 2, now: 0);
        group.HandleOutcome(group.Servers[0], ServerOutcome.Success, 0);
        Fail(group, 0, 2, now: 0);
        Assert.True(group.Servers[0].IsUsable);
    }

    [Fact]
    public void A_server_that_accepts_and_resets_is_ejected_although_every_connect_succeeds()
    {
        var group = Group(Settings, 4);
        for (var connection = 0; connection < 3; connection++)
        {
            Assert.True(group.Servers[0].IsUsable);
            group.HandleOutcome(group.Servers[0], ServerOutcome.Success, connection);
            group.HandleOutcome(group.Servers[0], ServerOutcome.ResetEarly, connection);
        }

        Assert.False(group.Servers[0].IsUsable);
        Assert.Equal(3, group.Servers[0].TotalFailures);
    }

    [Fact]
    public void A_connection_that_was_answered_between_early_resets_starts_their_count_again()
    {
        var group = Group(Settings, 4);
        foreach (var outcome in (ServerOutcome[])[ServerOutcome.ResetEarly, ServerOutcome.ResetEarly, ServerOutcome.Answered, ServerOutcome.ResetEarly, ServerOutcome.ResetEarly])
        {
            group.HandleOutcome(group.Servers[0], outcome, 0);
        }

        Assert.True(group.Servers[0].IsUsable);
        group.HandleOutcome(group.Servers[0], ServerOutcome.ResetEarly, 0);
        Assert.False(group.Servers[0].IsUsable);
    }

    [Fact]
    public void An_early_reset_is_the_same_connection_as_its_connect_in_the_share_of_failures()
    {
        var group = Group(new EjectionSettings { ConsecutiveFailures = 0, FailurePercent = 100, MinimumOutcomes = 4 }, 4);
        for (var connection = 0; connection < 4; connection++)
        {
            Assert.True(group.Servers[0].IsUsable);
            group.HandleOutcome(group.Servers[0], ServerOutcome.Success, 0);
            group.HandleOutcome(group.Servers[0], ServerOutcome.ResetEarly, 0);
        }

        Assert.False(group.Servers[0].IsUsable);
    }

    [Fact]
    public void Failures_count_only_within_the_window_which_slides()
    {
        var group = Group(Settings, 4);
        Fail(group, 0, 1, now: 0);
        Fail(group, 0, 1, now: 9 * Second);
        Fail(group, 0, 1, now: 11 * Second);
        Assert.True(group.Servers[0].IsUsable);
        Fail(group, 0, 1, now: 19 * Second);
        Assert.False(group.Servers[0].IsUsable);
    }

    [Fact]
    public void Each_ejection_lasts_longer_up_to_the_maximum()
    {
        var group = Group(Settings, 4);
        Assert.Equal([30, 60, 75, 75], Enumerable.Range(0, 4).Select(_ => EjectAndReturn(group)));
        Assert.Equal(4, group.Servers[0].TotalEjections);
    }

    [Fact]
    public void Time_in_service_makes_the_next_ejection_shorter_again()
    {
        var group = Group(Settings, 4);
        EjectAndReturn(group);
        EjectAndReturn(group);
        Assert.Equal(60, EjectAndReturn(group, secondsInService: 30));
        Assert.Equal(30, EjectAndReturn(group, secondsInService: 600));
    }

    [Fact]
    public void A_returned_server_is_judged_by_what_comes_after()
    {
        var group = Group(Settings, 4);
        EjectAndReturn(group);
        Fail(group, 0, 2, now: 31 * Second);
        Assert.True(group.Servers[0].IsUsable);
    }

    [Theory]
    [InlineData(10, 50, 5)]
    [InlineData(10, 39, 3)]
    [InlineData(3, 10, 1)]
    [InlineData(4, 100, 3)]
    [InlineData(4, 0, 0)]
    [InlineData(1, 100, 0)]
    public void So_many_servers_may_be_ejected_at_once_and_never_the_last(int servers, int percent, int ejected)
    {
        var group = Group(Settings with { MaximumPercent = percent }, servers);
        for (var server = 0; server < servers; server++)
        {
            Fail(group, server, 6, now: 0);
        }

        Assert.Equal(ejected, group.Servers.Count(server => !server.IsUsable));
    }

    [Fact]
    public void A_server_whose_turn_was_not_given_is_ejected_by_its_next_failure_once_there_is_room()
    {
        var group = Group(Settings with { MaximumPercent = 25 }, 4);
        Fail(group, 0, 3, now: 0);
        Fail(group, 1, 3, now: 25 * Second);
        group.HandleDeadline(30 * Second);
        Fail(group, 1, 1, now: 31 * Second);
        Assert.False(group.Servers[1].IsUsable);
    }

    [Fact]
    public void A_backup_may_be_what_is_left()
    {
        var group = new UpstreamGroup(
            [Groups.Server(0), Groups.Server(1, isBackup: true)], new RoundRobinPolicy(), new UpstreamGroupSettings { Ejection = Settings });
        Fail(group, 0, 3, now: 0);
        Assert.Equal(["s1"], group.PickNames(1));
    }

    [Fact]
    public void When_the_last_server_goes_down_an_ejected_one_is_taken_back()
    {
        var group = Group(Settings, 2);
        Fail(group, 0, 3, now: 0);
        group.HandleChecked(group.Servers[1], isUp: false, "", 0);
        Assert.True(group.Servers[0].IsUsable);
        Assert.Equal([ServerChange.Ejected, ServerChange.WentDown, ServerChange.Returned], group.TakeChanges());
    }

    [Fact]
    public void A_shorter_list_of_servers_allows_fewer_ejections()
    {
        var group = Group(Settings, 4);
        Fail(group, 0, 3, now: 0);
        Fail(group, 1, 3, now: 1);
        group.SetServers([Groups.Server(0), Groups.Server(1), Groups.Server(2)], 2);
        Assert.Equal([true, false, true], group.Servers.Select(server => server.IsUsable));
    }

    [Fact]
    public void A_server_that_is_down_stays_so_when_its_ejection_ends()
    {
        var group = Group(Settings, 4);
        Fail(group, 0, 3, now: 0);
        group.HandleChecked(group.Servers[0], isUp: false, "", 0);
        group.HandleDeadline(30 * Second);
        Assert.Equal(ServerState.Down, group.StateOf(group.Servers[0], 30 * Second));
    }

    [Fact]
    public void A_share_of_failures_ejects_where_that_is_asked_for()
    {
        var group = Group(Settings with { ConsecutiveFailures = 0, FailurePercent = 50, MinimumOutcomes = 10 }, 4);
        Alternate(group, 9, now: 10 * Second);
        Assert.True(group.Servers[0].IsUsable);
        Fail(group, 0, 1, now: 10 * Second);
        Assert.False(group.Servers[0].IsUsable);
        Assert.True(group.TryGetEvent(out var next));
        Assert.Equal("5 of 10 connections failed, the last: Refused", next.Reason);
    }

    [Fact]
    public void Failures_older_than_the_window_are_no_part_of_the_share()
    {
        var group = Group(Settings with { ConsecutiveFailures = 0, FailurePercent = 50, MinimumOutcomes = 10 }, 4);
        Fail(group, 0, 9, now: 10 * Second);
        Fail(group, 0, 1, now: 20 * Second);
        Assert.True(group.Servers[0].IsUsable);
    }

    [Fact]
    public void Without_settings_nothing_is_ejected_and_failures_are_counted()
    {
        var group = Groups.RoundRobin(Groups.Server(0), Groups.Server(1));
        Fail(group, 0, 100, now: 0);
        Assert.Equal((true, 100), (group.Servers[0].IsUsable, group.Servers[0].TotalFailures));
    }

    [Fact]
    public void More_failures_in_a_row_than_are_kept_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EjectionSettings { ConsecutiveFailures = 1001 });

    private static UpstreamGroup Group(EjectionSettings settings, int servers) =>
        new(
            [.. Enumerable.Range(0, servers).Select(index => Groups.Server(index))],
            new RoundRobinPolicy(),
            new UpstreamGroupSettings { Ejection = settings });

    private static void Fail(UpstreamGroup group, int server, int times, long now)
    {
        for (var time = 0; time < times; time++)
        {
            group.HandleOutcome(group.Servers[server], ServerOutcome.Refused, now);
        }
    }

    private static void Alternate(UpstreamGroup group, int outcomes, long now)
    {
        for (var outcome = 0; outcome < outcomes; outcome++)
        {
            group.HandleOutcome(group.Servers[0], outcome % 2 == 0 ? ServerOutcome.Success : ServerOutcome.TimedOut, now);
        }
    }

    // Ejects the first server so long after its last return (at time 0 it was in service all the while); says for how many seconds.
    private static long EjectAndReturn(UpstreamGroup group, int secondsInService = 1)
    {
        var now = ((group.Servers[0].UpSinceMicroseconds ?? 0) / Second * Second) + (secondsInService * Second);
        Fail(group, 0, 3, now);
        var until = group.NextDeadlineMicroseconds!.Value;
        group.HandleDeadline(until);
        return (until - now) / Second;
    }
}
