using Proxy.Cluster.Engine;
using Proxy.Cluster.Seeds;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Seeds;

/// <summary>What the seed's store does beyond the contract: its limits, and time.</summary>
public sealed class SeedStoreTests
{
    private static readonly SeedLimits Small = new()
    {
        KeyBytes = 10,
        ValueBytes = 20,
        Keys = 5,
        TotalBytes = 2000,
        Leases = 3,
        Watchers = 2,
        HistoryEvents = 4,
        AnswerBytes = 50,
    };

    private readonly SeedStore _store = new(new Random(1), Small);

    [Fact]
    public void It_takes_no_more_keys_leases_and_bytes_than_it_should()
    {
        Assert.Equal(EngineErrorKind.Invalid, Fail(new PutRequest(new byte[11], [])));
        Assert.Equal(EngineErrorKind.Invalid, Fail(new PutRequest([1], new byte[21])));
        for (byte key = 1; key <= 5; key++)
        {
            Assert.IsType<PutAnswer>(_store.Handle(new PutRequest([key], [key]), 0));
        }

        Assert.Equal(EngineErrorKind.Exhausted, Fail(new PutRequest([6], [])));
        Assert.IsType<PutAnswer>(_store.Handle(new PutRequest([5], [9]), 0));
        for (var lease = 1; lease <= 3; lease++)
        {
            Assert.IsType<LeaseAnswer>(_store.Handle(new GrantLeaseRequest(5, lease), 0));
        }

        Assert.Equal(EngineErrorKind.Exhausted, Fail(new GrantLeaseRequest(5, 0)));
        Assert.Equal(EngineErrorKind.Invalid, Fail(new GrantLeaseRequest(1L << 40, 0)));
        Assert.Equal(EngineErrorKind.Invalid, Fail(new GrantLeaseRequest(0, 0)));
    }

    [Fact]
    public void A_transaction_that_would_not_fit_does_nothing_at_all()
    {
        EngineRequest[] puts = [.. Enumerable.Range(1, 6).Select(key => new PutRequest([(byte)key], []))];

        Assert.Equal(EngineErrorKind.Exhausted, Fail(new TransactionRequest([], puts, [])));
        Assert.Equal((0, 1L), (_store.KeyCount, _store.Header.Revision));
    }

    [Fact]
    public void An_answer_that_is_too_large_is_refused_and_a_limit_helps()
    {
        for (byte key = 1; key <= 4; key++)
        {
            _store.Handle(new PutRequest([key], new byte[20]), 0);
        }

        Assert.Equal(EngineErrorKind.Exhausted, Fail(new RangeRequest(KeyRange.Prefix([]))));
        Assert.Equal(2, Assert.IsType<RangeAnswer>(_store.Handle(new RangeRequest(KeyRange.Prefix([])) { Limit = 2 }, 0)).Values.Count);
    }

    [Fact]
    public void A_lease_ends_at_its_time_and_not_before()
    {
        _store.Handle(new GrantLeaseRequest(5, 7), 0);
        _store.Handle(new PutRequest([1], [], 7), 0);
        _store.Handle(new KeepAliveRequest(7), 3 * Clock.Second);

        Assert.False(_store.ExpireLeases((8 * Clock.Second) - 1));
        Assert.Equal(8 * Clock.Second, _store.NextExpiryMicroseconds);
        Assert.True(_store.ExpireLeases(8 * Clock.Second));
        Assert.Equal((0, Clock.Never), (_store.KeyCount, _store.NextExpiryMicroseconds));
    }

    [Fact]
    public void A_watch_that_is_too_far_behind_is_told_to_read_again()
    {
        for (byte value = 0; value < 10; value++)
        {
            _store.Handle(new PutRequest([1], [value]), 0);
        }

        var next = 2L;
        Assert.Equal(7, Assert.IsType<WatchEnded>(_store.Notice(new WatchRequest(KeyRange.Prefix([]), 2), ref next)).CompactRevision);
        next = 8;
        Assert.Equal(4, Assert.IsType<WatchEvents>(_store.Notice(new WatchRequest(KeyRange.Prefix([]), 8), ref next)).Events.Count);
    }

    [Fact]
    public void A_watch_of_the_future_waits_for_it()
    {
        var next = 3L;
        var watch = new WatchRequest(KeyRange.Prefix([]), 3);
        _store.Handle(new PutRequest([1], []), 0);
        Assert.Null(_store.Notice(watch, ref next));
        _store.Handle(new PutRequest([2], []), 0);

        Assert.Equal([2], Assert.Single(Assert.IsType<WatchEvents>(_store.Notice(watch, ref next)).Events).Now.Key);
    }

    [Fact]
    public async Task There_are_no_more_watches_than_there_should_be()
    {
        using var engine = new SeedEngine(new Random(1), new ManualTime(), Small);
        var watches = Enumerable.Range(0, 3).Select(_ => engine.Watch(new WatchRequest(KeyRange.Prefix([]), 0))).ToArray();
        Assert.IsType<WatchCreated>(await watches[0].NextAsync());
        Assert.IsType<WatchCreated>(await watches[1].NextAsync());
        Assert.Equal(EngineErrorKind.Exhausted, Assert.IsType<WatchEnded>(await watches[2].NextAsync()).Error.Kind);

        watches[0].Dispose();
        using var another = engine.Watch(new WatchRequest(KeyRange.Prefix([]), 0));
        Assert.IsType<WatchCreated>(await another.NextAsync());
    }

    [Fact]
    public void Two_starts_are_two_clusters() => Assert.NotEqual(new SeedStore(new Random(2)).Header.ClusterId, _store.Header.ClusterId);

    [Fact]
    public void Who_follows_the_events_has_what_the_store_has() => Property.Check(200, random =>
    {
        var store = new SeedStore(random);
        var copy = new SortedDictionary<string, (string, long, long, long)>(StringComparer.Ordinal);
        var watch = new WatchRequest(KeyRange.Prefix([]), 1);
        var next = 1L;
        for (var step = 0; step < 100; step++)
        {
            store.Handle(Operation(random), step * Clock.Second / 2);
            while (store.Notice(watch, ref next) is WatchEvents events)
            {
                foreach (var happened in events.Events)
                {
                    copy.Remove(happened.Now.KeyText);
                    if (!happened.IsDelete)
                    {
                        copy.Add(happened.Now.KeyText, Facts(happened.Now));
                    }
                }
            }
        }

        var values = Assert.IsType<RangeAnswer>(store.Handle(new RangeRequest(KeyRange.Prefix([])), 99 * Clock.Second / 2)).Values;
        Assert.Equal(values.ToDictionary(value => value.KeyText, Facts), copy);
    });

    private static (string, long, long, long) Facts(KeyValue value) => (KeyText.Of(value.Value), value.CreateRevision, value.ModRevision, value.Version);

    private static EngineRequest Operation(Random random) => random.Next(8) switch
    {
        0 => new DeleteRequest(KeyRange.Prefix($"{random.Next(5)}")),
        1 => new GrantLeaseRequest(random.Next(1, 9), random.Next(1, 4)),
        2 => new KeepAliveRequest(random.Next(1, 4)),
        3 => new RevokeLeaseRequest(random.Next(1, 4)),
        4 => new TransactionRequest(
            [Comparison.IsCreatedAt(KeyText.Bytes($"{random.Next(5)}"), 0)], [Put(random), new DeleteRequest(KeyRange.One("9"))], [Put(random)]),
        _ => Put(random),
    };

    private static PutRequest Put(Random random) =>
        new(KeyText.Bytes($"{random.Next(5)}"), KeyText.Bytes($"{random.Next(100)}"), random.Next(2) == 0 ? random.Next(1, 4) : 0);

    private EngineErrorKind Fail(EngineRequest request) => Assert.IsType<EngineFailure>(_store.Handle(request, 0)).Error.Kind;
}
