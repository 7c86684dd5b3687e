using Proxy.Cluster.Engine;
using Proxy.Cluster.Locks;
using Proxy.Cluster.Seeds;

namespace Proxy.Cluster.Tests.Locks;

public sealed class LeaseLockTests
{
    private readonly SeedStore _store = new(new Random(1));

    [Fact]
    public void One_has_it_and_the_next_gets_a_larger_token_when_the_lease_has_ended()
    {
        var (one, two) = (new LeaseLock("/lock", "one", new Random(1)), new LeaseLock("/lock", "two", new Random(2)));
        Grant(11);
        Grant(12);
        Turn(one, 11, 0);
        Turn(two, 12, 0);
        Assert.NotEqual(0, one.FencingToken);
        Assert.Equal(0, two.FencingToken);

        _store.Handle(new RevokeLeaseRequest(11), 0);
        Turn(two, 12, Clock.Second);
        Turn(two, 12, 2 * Clock.Second);
        Assert.True(two.FencingToken > one.FencingToken);

        // The former holder does not know yet; what it writes is nothing.
        var late = (TransactionAnswer)_store.Handle(new TransactionRequest([one.Fence], [new PutRequest(KeyText.Bytes("/x"), [])], []), 0);
        var present = (TransactionAnswer)_store.Handle(new TransactionRequest([two.Fence], [new PutRequest(KeyText.Bytes("/x"), [])], []), 0);
        Assert.Equal((false, true), (late.Succeeded, present.Succeeded));

        Turn(one, 11, 3 * Clock.Second);
        Assert.Equal(0, one.FencingToken);
    }

    [Fact]
    public void A_lost_answer_does_not_lose_the_lock()
    {
        var one = new LeaseLock("/lock", "one", new Random(1));
        Grant(11);
        var request = one.Take(11, null, 1, 0)!;
        _store.Handle(request, 0);
        one.Answer(new EngineFailure(new EngineError(EngineErrorKind.Timeout, "lost"), MayHaveBeenApplied: true), 0);
        Turn(one, 11, 10 * Clock.Second);

        Assert.Equal(2, one.FencingToken);
    }

    [Fact]
    public void Who_waits_asks_nothing()
    {
        var (one, two) = (new LeaseLock("/lock", "one", new Random(1)), new LeaseLock("/lock", "two", new Random(2)));
        Grant(11);
        Grant(12);
        Turn(one, 11, 0);

        Assert.Null(two.Take(12, Seen(), _store.Header.Revision, 100 * Clock.Second));
        Assert.Equal(Clock.Never, two.DueMicroseconds);
    }

    [Fact]
    public void Another_lease_is_another_holder()
    {
        var one = new LeaseLock("/lock", "one", new Random(1));
        Grant(11);
        Turn(one, 11, 0);
        Assert.NotEqual(0, one.TokenUnder(11));
        Assert.Equal(0, one.TokenUnder(12));
        Assert.Null(one.Take(0, Seen(), _store.Header.Revision, 1));

        Assert.Equal(0, one.FencingToken);
    }

    private void Grant(long id) => Assert.IsType<LeaseAnswer>(_store.Handle(new GrantLeaseRequest(60, id), 0));

    private KeyValue? Seen() => ((RangeAnswer)_store.Handle(new RangeRequest(KeyRange.One("/lock")), 0)).Values is [var value, ..] ? value : null;

    private void Turn(LeaseLock one, long lease, long now)
    {
        if (one.Take(lease, Seen(), _store.Header.Revision, now) is { } request)
        {
            one.Answer(_store.Handle(request, 0), now);
        }
    }
}
