using System.Net;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Limits;

public sealed class AdmissionQueueTests
{
    private const long Second = 1_000_000;

    private static readonly NetworkAddress Client = NetworkAddress.From(IPAddress.Parse("192.0.2.1"));

    private readonly ConnectionBudget _total = new(1_000);

    [Fact]
    public void Who_finds_no_place_waits_and_comes_in_first_come_first_served()
    {
        var admission = Make(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 2 });
        var inside = admission.TryAdmit(Client, 0).Lease!;
        var first = Queue(admission, 0);
        var second = Queue(admission, 0);
        Assert.Equal(RefusalReason.QueueFull, admission.TryAdmit(Client, 0).Reason);
        Assert.False(admission.TryTakeFromQueue(0, out _, out _));

        admission.Release(inside);

        Assert.True(admission.TryTakeFromQueue(0, out var lease, out var result));
        Assert.Same(first, lease);
        Assert.Equal(AdmissionOutcome.Admitted, result.Outcome);
        Assert.False(admission.TryTakeFromQueue(0, out _, out _));
        admission.Release(first);
        Assert.True(admission.TryTakeFromQueue(0, out lease, out _));
        Assert.Same(second, lease);
    }

    [Fact]
    public void Whoever_comes_while_others_wait_waits_behind_them()
    {
        var admission = Make(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 5 });
        var inside = admission.TryAdmit(Client, 0).Lease!;
        var first = Queue(admission, 0);
        admission.Release(inside);

        Queue(admission, 0);

        Assert.True(admission.TryTakeFromQueue(0, out var lease, out _));
        Assert.Same(first, lease);
    }

    [Fact]
    public void Who_has_waited_too_long_is_refused_and_leaves_nothing()
    {
        var admission = Make(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 5, QueueDeadlineMicroseconds = Second });
        var inside = admission.TryAdmit(Client, 0).Lease!;
        var waiting = Queue(admission, 100);

        Assert.Equal(Second, admission.MicrosecondsUntilQueueMoves(100));
        Assert.False(admission.TryTakeFromQueue(Second + 99, out _, out _));
        Assert.True(admission.TryTakeFromQueue(Second + 100, out var lease, out var result));
        Assert.Same(waiting, lease);
        Assert.Equal(RefusalReason.QueueDeadline, result.Reason);
        Assert.Null(admission.MicrosecondsUntilQueueMoves(Second + 100));

        admission.Release(waiting);
        admission.Release(inside);
        Assert.Equal((0, 0, 0, 0), (admission.ActiveCount, admission.QueuedCount, admission.TrackedSources, _total.Active));
    }

    [Fact]
    public void Who_leaves_the_queue_makes_room_in_it()
    {
        var admission = Make(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 1 });
        var inside = admission.TryAdmit(Client, 0).Lease!;
        admission.Release(Queue(admission, 0));

        var next = Queue(admission, 0);

        admission.Release(inside);
        Assert.True(admission.TryTakeFromQueue(0, out var lease, out _));
        Assert.Same(next, lease);
    }

    [Fact]
    public void One_source_can_not_fill_the_queue_beyond_its_own_limit()
    {
        var admission = Make(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 10, MaximumConnectionsPerSource = 2 });
        admission.TryAdmit(Client, 0);
        Queue(admission, 0);

        Assert.Equal(RefusalReason.SourceConnections, admission.TryAdmit(Client, 0).Reason);
        Assert.Equal(AdmissionOutcome.Queued, admission.TryAdmit(new NetworkAddress(Client.Value + 1), 0).Outcome);
    }

    [Fact]
    public void A_burst_above_the_accept_rate_is_spread_by_the_queue()
    {
        var admission = Make(new AdmissionSettings { AcceptsPerSecond = 10, AcceptBurst = 1, MaximumQueued = 10 });
        admission.TryAdmit(Client, 0);
        Queue(admission, 0);
        Queue(admission, 0);

        Assert.Equal(Second / 10, admission.MicrosecondsUntilQueueMoves(0));
        Assert.True(admission.TryTakeFromQueue(Second / 10, out _, out var result));
        Assert.Equal(AdmissionOutcome.Admitted, result.Outcome);
        Assert.False(admission.TryTakeFromQueue(Second / 10, out _, out _));
        Assert.Equal(Second / 10, admission.MicrosecondsUntilQueueMoves(Second / 10));
    }

    [Fact]
    public void A_place_that_another_listener_frees_is_looked_for_every_so_often()
    {
        _total.Change(1);
        var (one, other) = (Make(AdmissionSettings.Unlimited), Make(new AdmissionSettings { MaximumQueued = 1 }));
        var inside = one.TryAdmit(Client, 0).Lease!;
        Queue(other, 0);
        Assert.Equal(10_000, other.MicrosecondsUntilQueueMoves(0));

        one.Release(inside);

        Assert.Equal(0, other.MicrosecondsUntilQueueMoves(10_000));
        Assert.True(other.TryTakeFromQueue(10_000, out _, out var result));
        Assert.Equal(AdmissionOutcome.Admitted, result.Outcome);
    }

    [Fact]
    public void A_queue_that_is_taken_away_empties_by_its_deadline()
    {
        var admission = Make(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 5 });
        admission.TryAdmit(Client, 0);
        Queue(admission, 0);

        admission.Apply(new AdmissionSettings { MaximumConnections = 1, QueueDeadlineMicroseconds = 0 }, 0);

        Assert.True(admission.TryTakeFromQueue(0, out _, out var result));
        Assert.Equal(RefusalReason.QueueDeadline, result.Reason);
        Assert.Equal(RefusalReason.ListenerConnections, admission.TryAdmit(Client, 0).Reason);
    }

    private static AdmissionLease Queue(Admission admission, long now)
    {
        var result = admission.TryAdmit(Client, now);
        Assert.Equal(AdmissionOutcome.Queued, result.Outcome);
        return result.Lease!;
    }

    private Admission Make(AdmissionSettings settings) => new(settings, _total, 0);
}
