using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;

namespace Proxy.Cluster.Tests.Members;

public sealed class LeaseKeeperTests
{
    private static readonly EngineFailure Away = new(new EngineError(EngineErrorKind.Unreachable, "away"));
    private readonly LeaseKeeper _keeper = new(5, new Random(1));

    [Fact]
    public void A_lease_is_kept_alive_three_times_in_its_life()
    {
        Grant(0);
        var sent = 0;
        for (var now = 0L; now < 60 * Clock.Second; now += Clock.Second / 10)
        {
            if (_keeper.Take(now) is KeepAliveRequest)
            {
                sent++;
                _keeper.Answer(new LeaseAnswer(EngineHeader.None, _keeper.LeaseId, 5), now);
            }

            Assert.True(_keeper.IsHeld(now));
        }

        Assert.InRange(sent, 33, 46);
    }

    [Fact]
    public void It_counts_from_when_it_asked_not_from_when_it_was_answered()
    {
        var request = Assert.IsType<GrantLeaseRequest>(_keeper.Take(10 * Clock.Second));
        _keeper.Answer(new LeaseAnswer(EngineHeader.None, request.Id, 5), 12 * Clock.Second);

        Assert.Equal(request.Id, _keeper.LeaseId);
        Assert.Equal((10 * Clock.Second) + (4500 * Clock.Millisecond), _keeper.ValidUntilMicroseconds);
        Assert.True(_keeper.IsHeld((14 * Clock.Second) + (400 * Clock.Millisecond)));
        Assert.False(_keeper.IsHeld((14 * Clock.Second) + (500 * Clock.Millisecond)));
    }

    [Fact]
    public void It_is_not_relied_on_when_the_engine_is_away_and_is_again_when_the_lease_has_survived()
    {
        Grant(0);
        var id = _keeper.LeaseId;
        for (var now = Clock.Second; now < 20 * Clock.Second; now += Clock.Second / 10)
        {
            if (_keeper.Take(now) is not null)
            {
                _keeper.Answer(Away, now);
            }
        }

        Assert.False(_keeper.IsHeld(20 * Clock.Second));
        Assert.Equal(id, _keeper.LeaseId);
        Assert.NotNull(_keeper.Take(30 * Clock.Second));
        _keeper.Answer(new LeaseAnswer(EngineHeader.None, id, 5), 30 * Clock.Second);
        Assert.True(_keeper.IsHeld(30 * Clock.Second));
        Assert.Equal(0, _keeper.LostCount);
    }

    [Fact]
    public void A_lease_that_the_engine_has_ended_is_replaced()
    {
        Grant(0);
        var old = _keeper.LeaseId;
        Assert.IsType<KeepAliveRequest>(_keeper.Take(2 * Clock.Second));
        _keeper.Answer(new LeaseAnswer(EngineHeader.None, old, 0), 2 * Clock.Second);

        Assert.False(_keeper.IsHeld(2 * Clock.Second));
        Grant(2 * Clock.Second);
        Assert.NotEqual(old, _keeper.LeaseId);
        Assert.Equal(1, _keeper.LostCount);
    }

    [Fact]
    public void One_request_at_a_time()
    {
        Assert.NotNull(_keeper.Take(0));
        Assert.Null(_keeper.Take(100 * Clock.Second));
        Assert.Equal(Clock.Never, _keeper.DueMicroseconds);
    }

    [Fact]
    public void What_is_given_back_is_revoked_also_when_it_comes_late()
    {
        var request = Assert.IsType<GrantLeaseRequest>(_keeper.Take(0));
        _keeper.Release(0);
        Assert.Null(_keeper.Take(0));
        _keeper.Answer(new LeaseAnswer(EngineHeader.None, request.Id, 5), 1);
        Assert.Equal(new RevokeLeaseRequest(request.Id), _keeper.Take(1));
        _keeper.Answer(new DoneAnswer(EngineHeader.None), 2);
        Assert.True(_keeper.IsReleased);
    }

    [Fact]
    public void Who_leaves_does_not_wait_for_an_engine_that_is_away_longer_than_the_lease()
    {
        Grant(0);
        _keeper.Release(Clock.Second);
        var now = Clock.Second;
        while (!_keeper.IsReleased && now < 60 * Clock.Second)
        {
            if (_keeper.Take(now) is not null)
            {
                _keeper.Answer(Away, now);
            }

            now += Clock.Second / 10;
        }

        Assert.InRange(now, 4 * Clock.Second, 11 * Clock.Second);
    }

    private void Grant(long now)
    {
        var request = Assert.IsType<GrantLeaseRequest>(_keeper.Take(now));
        _keeper.Answer(new LeaseAnswer(EngineHeader.None, request.Id, 5), now);
    }
}
