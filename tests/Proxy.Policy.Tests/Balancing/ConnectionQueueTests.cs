using Proxy.Policy.Balancing;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Balancing;

public sealed class ConnectionQueueTests
{
    private readonly UpstreamGroup _group = Groups.RoundRobin(Groups.Server(1, maximum: 1), Groups.Server(2, maximum: 1));
    private readonly ConnectionQueue<string> _queue;

    public ConnectionQueueTests()
    {
        _queue = new ConnectionQueue<string>(_group, new ConnectionQueueSettings { MaximumWaiting = 3, Timeout = TimeSpan.FromSeconds(5) });
    }

    [Fact]
    public void With_room_nobody_waits()
    {
        Assert.Equal(QueueStatus.Picked, Take("a", out var lease));
        Assert.NotNull(lease);
        Assert.Equal((0, null), (_queue.Count, _queue.NextDeadlineMicroseconds));
    }

    [Fact]
    public void Who_waits_is_served_in_order_when_leases_return()
    {
        var (first, second) = FillBoth();
        Take("c", out _);
        Take("d", out _);
        Assert.False(_queue.TryServe(0, out _, out _));
        second.Return();
        Assert.True(_queue.TryServe(0, out var waiter, out var lease));
        Assert.Equal(("c", second.Server), (waiter, lease!.Server));
        Assert.False(_queue.TryServe(0, out _, out _));
        first.Return();
        Assert.True(_queue.TryServe(0, out waiter, out _));
        Assert.Equal("d", waiter);
    }

    [Fact]
    public void A_newcomer_does_not_overtake_who_waits()
    {
        var (first, _) = FillBoth();
        Take("c", out _);
        first.Return();
        Assert.Equal(QueueStatus.Queued, Take("d", out _));
        _queue.TryServe(0, out var waiter, out _);
        Assert.Equal("c", waiter);
    }

    [Fact]
    public void Who_would_not_wait_does_not_overtake_either()
    {
        var group = Groups.RoundRobin(Groups.Server(1, maximum: 1));
        var queue = new ConnectionQueue<string>(group, ConnectionQueueSettings.Default);
        Assert.Equal(PickStatus.Picked, queue.TryPick(default, 0, out var lease));
        Assert.Equal(PickStatus.AllFull, queue.TryPick(default, 0, out _));
        Assert.Equal((0, false), (queue.Count, queue.CanServe));

        Assert.Equal(QueueStatus.Queued, queue.Take("patient", default, 0, out _));
        lease!.Return();
        Assert.Equal(PickStatus.AllFull, queue.TryPick(default, 0, out _));
        Assert.True(queue.CanServe);
        Assert.True(queue.TryServe(0, out var served, out _));
        Assert.Equal("patient", served);
    }

    [Fact]
    public void Everybody_can_be_sent_away_at_once()
    {
        var group = Groups.RoundRobin(Groups.Server(1, maximum: 1));
        group.Pick();
        var queue = new ConnectionQueue<string>(group, ConnectionQueueSettings.Default);
        queue.Take("first", default, 0, out _);
        queue.Take("second", default, 0, out _);

        Assert.Equal(["first", "second"], queue.Dismiss());
        Assert.Equal(0, queue.Count);
        Assert.Null(queue.NextDeadlineMicroseconds);
    }

    [Fact]
    public void The_queue_is_bounded()
    {
        FillBoth();
        Assert.All("cde", waiter => Assert.Equal(QueueStatus.Queued, Take(waiter.ToString(), out _)));
        Assert.Equal(QueueStatus.QueueFull, Take("f", out _));
        Assert.Equal(3, _queue.Count);
    }

    [Fact]
    public void Who_waits_too_long_is_named_in_order_and_has_left()
    {
        FillBoth();
        Take("c", out _, now: 1 * Groups.Second);
        Take("d", out _, now: 2 * Groups.Second);
        Assert.Equal(6 * Groups.Second, _queue.NextDeadlineMicroseconds);
        Assert.False(_queue.TryGetExpired((6 * Groups.Second) - 1, out _));
        Assert.True(_queue.TryGetExpired(6 * Groups.Second, out var waiter));
        Assert.Equal("c", waiter);
        Assert.False(_queue.TryGetExpired(6 * Groups.Second, out _));
        Assert.Equal((1, 7 * Groups.Second), (_queue.Count, _queue.NextDeadlineMicroseconds));
    }

    [Fact]
    public void A_client_that_leaves_frees_its_place()
    {
        var (first, _) = FillBoth();
        Take("c", out _);
        Take("d", out _);
        Assert.True(_queue.Remove("c"));
        Assert.False(_queue.Remove("c"));
        first.Return();
        _queue.TryServe(0, out var waiter, out _);
        Assert.Equal("d", waiter);
    }

    [Fact]
    public void A_retry_does_not_hold_up_who_can_use_the_server_it_failed_on()
    {
        var (first, second) = FillBoth();
        _queue.Take("retry", new PickRequest(null, [first.Server]), 0, out _);
        Take("fresh", out _);
        first.Return();
        _queue.TryServe(0, out var waiter, out _);
        Assert.Equal("fresh", waiter);
        second.Return();
        _queue.TryServe(0, out waiter, out _);
        Assert.Equal("retry", waiter);
    }

    [Fact]
    public void A_newcomer_takes_the_room_that_who_waits_cannot_use()
    {
        var (first, _) = FillBoth();
        _queue.Take("retry", new PickRequest(null, [first.Server]), 0, out _);
        first.Return();
        Assert.False(_queue.TryServe(0, out _, out _));
        Assert.Equal(QueueStatus.Picked, Take("fresh", out _));
    }

    [Fact]
    public void A_server_that_comes_up_serves_who_waits()
    {
        _group.HandleChecked(_group.Servers[1], isUp: false, "", 0);
        Take("a", out _);
        Take("b", out _);
        Assert.False(_queue.TryServe(0, out _, out _));
        _group.HandleChecked(_group.Servers[1], isUp: true, "", 0);
        Assert.True(_queue.TryServe(0, out var waiter, out _));
        Assert.Equal("b", waiter);
    }

    [Fact]
    public void When_the_last_other_server_goes_down_the_backup_serves_who_waits()
    {
        var group = Groups.RoundRobin(Groups.Server(1, maximum: 1), Groups.Server(2, isBackup: true));
        var queue = new ConnectionQueue<string>(group, ConnectionQueueSettings.Default);
        group.Pick();
        queue.Take("a", new PickRequest(null), 0, out _);
        Assert.False(queue.TryServe(0, out _, out _));
        group.HandleChecked(group.Servers[0], isUp: false, "", 0);
        Assert.True(queue.TryServe(0, out _, out var lease));
        Assert.Equal("s2", lease!.Server.Settings.Name);
    }

    [Fact]
    public void Without_a_server_in_service_nobody_begins_to_wait()
    {
        FillBoth();
        Take("c", out _);
        Assert.All(_group.Servers, server => _group.HandleChecked(server, isUp: false, "", 0));
        Assert.Equal(QueueStatus.NoneUsable, Take("d", out _));
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public void Who_has_failed_everywhere_does_not_wait() =>
        Assert.Equal(QueueStatus.AllTried, _queue.Take("a", new PickRequest(null, [.. _group.Servers]), 0, out _));

    [Fact]
    public void Every_order_of_events_keeps_first_come_first_served_and_leaves_nobody_behind() => Property.Check(200, random =>
    {
        var group = Groups.With(
            Groups.Policy(random.AnyPolicyName(), random.Next()),
            [.. Enumerable.Range(0, random.Next(1, 4)).Select(index => Groups.Server(index, random.Next(1, 4), maximum: random.Next(1, 4)))]);
        var queue = new ConnectionQueue<int>(group, new ConnectionQueueSettings { MaximumWaiting = 20, Timeout = TimeSpan.FromMicroseconds(40) });
        var (live, waiting) = (new List<ServerLease>(), new List<int>());
        for (var now = 0; now < 300; now++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    var status = queue.Take(now, new PickRequest(Groups.Client(now)), now, out var taken);
                    Assert.Equal(status is QueueStatus.Picked, taken is not null);
                    Assert.True(status is not QueueStatus.Picked || waiting.Count == 0, "a newcomer was served before those who wait");
                    live.AddRange(taken is null ? [] : [taken]);
                    waiting.AddRange(status is QueueStatus.Queued ? [now] : []);
                    break;
                case 2 when live.Count > 0:
                    var index = random.Next(live.Count);
                    live[index].Return();
                    live.RemoveAt(index);
                    break;
                case 3 when waiting.Count > 0:
                    Assert.True(queue.Remove(waiting[0]));
                    waiting.RemoveAt(0);
                    break;
                default:
                    break;
            }

            while (queue.TryGetExpired(now, out var expired))
            {
                Assert.Equal(waiting[0], expired);
                waiting.RemoveAt(0);
            }

            while (queue.TryServe(now, out var served, out var lease))
            {
                Assert.Equal(waiting[0], served);
                waiting.RemoveAt(0);
                live.Add(lease!);
            }

            Assert.Equal(waiting.Count, queue.Count);
            Assert.Equal(live.Count, group.Servers.Sum(server => server.LiveConnections));
            Assert.True(waiting.Count == 0 || group.Servers.All(server => server.IsFull), "somebody waits beside room");
        }
    });

    [Fact]
    public void With_retries_and_changing_servers_nobody_waits_beside_room_it_could_use() => Property.Check(200, random =>
    {
        var group = Groups.With(
            Groups.Policy(random.AnyPolicyName(), random.Next()),
            [.. Enumerable.Range(0, 4).Select(index => Groups.Server(index, isBackup: index == 3, maximum: random.Next(1, 3)))]);
        var queue = new ConnectionQueue<int>(group, new ConnectionQueueSettings { MaximumWaiting = 50 });
        var (live, waiting) = (new List<ServerLease>(), new List<(int Number, PickRequest Request)>());
        for (var now = 0; now < 200; now++)
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    var request = new PickRequest(Groups.Client(now), [.. group.Servers.Where(_ => random.Next(4) == 0)]);
                    var status = queue.Take(now, request, now, out var taken);
                    live.AddRange(taken is null ? [] : [taken]);
                    waiting.AddRange(status is QueueStatus.Queued ? [(now, request)] : []);
                    break;
                case 2 or 3 when live.Count > 0:
                    var index = random.Next(live.Count);
                    live[index].Return();
                    live.RemoveAt(index);
                    break;
                default:
                    group.HandleChecked(group.Servers[random.Next(4)], random.Next(3) > 0, "", now);
                    break;
            }

            while (queue.TryServe(now, out var served, out var lease))
            {
                var place = waiting.FindIndex(waiter => waiter.Number == served);
                Assert.DoesNotContain(lease!.Server, waiting[place].Request.Tried!);

                // Only a retry that has failed on all others may have a backup before a fresh one that still waits for those.
                Assert.DoesNotContain(waiting.Take(place), ahead => ahead.Request.Tried!.Count == 0 && !lease.Server.Settings.IsBackup);
                waiting.RemoveAt(place);
                live.Add(lease);
            }

            Assert.Equal(waiting.Count, queue.Count);
            Assert.DoesNotContain(waiting, waiter => group.TryPick(waiter.Request, now, out _) is PickStatus.Picked);
        }
    });

    private (ServerLease First, ServerLease Second) FillBoth() => (_group.Pick(), _group.Pick());

    private QueueStatus Take(string waiter, out ServerLease? lease, long now = 0) => _queue.Take(waiter, new PickRequest(null), now, out lease);
}
