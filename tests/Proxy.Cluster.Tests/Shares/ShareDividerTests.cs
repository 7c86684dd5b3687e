using Proxy.Cluster.Engine;
using Proxy.Cluster.Seeds;
using Proxy.Cluster.Shares;

namespace Proxy.Cluster.Tests.Shares;

/// <summary>The divider against a store, by hand.</summary>
public sealed class ShareDividerTests
{
    private readonly SeedStore _store = new(new Random(1));
    private readonly ShareDivider _divider = new("/use/", "/grant/", "/plan");
    private readonly Comparison _fence;

    public ShareDividerTests()
    {
        var taken = Assert.IsType<PutAnswer>(_store.Handle(new PutRequest(KeyText.Bytes("/lock"), []), 0));
        _fence = Comparison.IsCreatedAt(KeyText.Bytes("/lock"), taken.Header.Revision);
        Report("one", 11, 0);
        Report("two", 12, 0);
    }

    [Fact]
    public void A_division_that_arrives_after_the_next_one_does_nothing()
    {
        var lost = Take(0)!;
        _divider.Answer(new EngineFailure(new EngineError(EngineErrorKind.Timeout, "lost"), MayHaveBeenApplied: true));
        Report("two", 12, 900);
        var next = Take(Clock.Second)!;

        Assert.True(Assert.IsType<TransactionAnswer>(_store.Handle(next, 0)).Succeeded);
        Assert.False(Assert.IsType<TransactionAnswer>(_store.Handle(lost, 0)).Succeeded);
        Assert.Equal((50L, 950L), (Share("one"), Share("two")));
    }

    [Fact]
    public void A_division_of_a_former_holder_of_the_lock_does_nothing()
    {
        var late = Take(0)!;
        _store.Handle(new DeleteRequest(KeyRange.One("/lock")), 0);
        _store.Handle(new PutRequest(KeyText.Bytes("/lock"), []), 0);

        Assert.False(Assert.IsType<TransactionAnswer>(_store.Handle(late, 0)).Succeeded);
    }

    [Fact]
    public void What_is_taken_away_is_given_only_when_the_node_has_said_that_it_has_seen_it()
    {
        Apply(0);
        Assert.Equal((500L, 500L), (Share("one"), Share("two")));
        Report("one", 11, wanted: 900, held: 500, hasSeen: true);
        Report("two", 12, wanted: 0, held: 500, hasSeen: true);
        Apply(Clock.Second);
        Assert.Equal((500L, 50L), (Share("one"), Share("two")));

        // The old share may still be gone by, whatever is open.
        Report("two", 12, wanted: 0, held: 0, hasSeen: false);
        Apply(2 * Clock.Second);
        Assert.Equal(500, Share("one"));
        Report("two", 12, wanted: 0, held: 50, hasSeen: true);
        Apply(3 * Clock.Second);
        Assert.Equal((950L, 50L), (Share("one"), Share("two")));
    }

    private void Apply(long now)
    {
        if (Take(now) is { } division)
        {
            _divider.Answer(_store.Handle(division, 0));
        }
    }

    private EngineRequest? Take(long now)
    {
        var seen = ((RangeAnswer)_store.Handle(new RangeRequest(KeyRange.Prefix("/")), 0)).Values.ToDictionary(value => value.KeyText);
        return _divider.Take(_fence, seen, _store.Header.Revision, now);
    }

    private void Report(string node, long lease, long wanted) => Report(node, lease, wanted, held: wanted, hasSeen: false);

    private void Report(string node, long lease, long wanted, long held, bool hasSeen)
    {
        _store.Handle(new GrantLeaseRequest(60, lease), 0);
        var seen = hasSeen ? Find("/grant/" + node)!.ModRevision : 1;
        var report = new ShareReport(seen, [new ShareUse("x", 1000, wanted, held)]);
        Assert.IsType<PutAnswer>(_store.Handle(new PutRequest(KeyText.Bytes("/use/" + node), ShareJson.Write(report), lease), 0));
    }

    private long Share(string node) => ShareJson.TryReadGrants(Find("/grant/" + node)!.Value, out var grants) ? grants.Grants[0].Share : -1;

    private KeyValue? Find(string key) => ((RangeAnswer)_store.Handle(new RangeRequest(KeyRange.One(key)), 0)).Values is [var value, ..] ? value : null;
}
