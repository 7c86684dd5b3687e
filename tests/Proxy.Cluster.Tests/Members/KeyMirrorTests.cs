using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;
using Proxy.Cluster.Seeds;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Members;

/// <summary>The mirror against a store, by hand.</summary>
public sealed class KeyMirrorTests
{
    private readonly SeedStore _store = new(new Random(1));
    private readonly KeyMirror _mirror = new(KeyRange.Prefix("/m/"), 8 * Clock.Second, new Random(1));
    private WatchRequest? _watch;
    private long _next;
    private long _now;
    private bool _isDeaf;

    [Fact]
    public void It_lists_watches_and_resumes_where_it_was()
    {
        Put("/m/a", "1");
        Settle();
        Put("/m/b", "2");
        Put("/other", "x");
        Settle();
        Assert.Equal("a=1 b=2", Text());

        EndWatch(EngineErrorKind.Unreachable);
        Put("/m/b", "3");
        Delete("/m/a");
        Settle(after: Clock.Second);

        Assert.Equal("b=3", Text());
        Assert.False(_mirror.IsStale);
        Assert.Equal(4, _watch!.StartRevision);
    }

    [Fact]
    public void What_is_compacted_is_listed_again_and_the_mirror_goes_on()
    {
        Put("/m/a", "1");
        Settle();
        EndWatch(EngineErrorKind.Unreachable);
        Delete("/m/a");
        Put("/m/b", "2");
        Assert.IsType<DoneAnswer>(_store.Handle(new CompactRequest(_store.Header.Revision), _now));
        Settle(after: Clock.Second);
        Assert.Equal("b=2", Text());

        Put("/m/c", "3");
        Settle();
        Assert.Equal("b=2 c=3", Text());
        Assert.Equal(["a+", "a-", "b+", "c+"], Changes());
    }

    [Fact]
    public void A_watch_that_is_open_and_dead_is_found_and_nothing_is_missed()
    {
        Put("/m/a", "1");
        Put("/m/b", "2");
        Settle();
        _isDeaf = true;
        Delete("/m/a");
        Settle(after: 5 * Clock.Second);
        Assert.Equal("a=1 b=2", Text());

        for (var second = 0; second < 25; second++)
        {
            Settle(after: Clock.Second);
        }

        Assert.Equal("b=2", Text());
    }

    [Fact]
    public void A_quiet_watch_is_left_alone()
    {
        Put("/m/a", "1");
        Settle();
        var watch = _watch;
        for (var second = 0; second < 300; second++)
        {
            Put("/other", $"{second}");
            Settle(after: Clock.Second);
        }

        Assert.Same(watch, _watch);
    }

    [Fact]
    public void A_mirror_equals_the_store_whatever_happens_to_its_watch() => Property.Check(300, random =>
    {
        var test = new KeyMirrorTests();
        for (var step = 0; step < 60; step++)
        {
            test.Step(random);
        }

        test._isDeaf = false;
        test.EndWatch(EngineErrorKind.Unreachable);
        for (var second = 0; second < 20; second++)
        {
            test.Settle(after: Clock.Second);
        }

        var expected = ((RangeAnswer)test._store.Handle(new RangeRequest(KeyRange.Prefix("/m/")), test._now)).Values;
        Assert.Equal(expected.Select(Facts), test._mirror.Keys.Values.Select(Facts));
    });

    private static string Facts(KeyValue value) => $"{value.KeyText}={KeyText.Of(value.Value)}@{value.ModRevision}";

    private void Step(Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                Delete($"/m/{random.Next(4)}");
                break;
            case 1:
                EndWatch(random.Next(2) == 0 ? EngineErrorKind.Unreachable : EngineErrorKind.Timeout);
                break;
            case 2:
                _store.Handle(new CompactRequest(random.NextInt64(1, _store.Header.Revision + 1)), _now);
                break;
            case 3:
                _isDeaf = random.Next(2) == 0;
                break;
            case 4:
                Settle(after: random.NextInt64(3 * Clock.Second));
                break;
            default:
                Put($"/m/{random.Next(4)}", $"{random.Next(1000)}");
                break;
        }
    }

    private void Put(string key, string value) => Assert.IsType<PutAnswer>(_store.Handle(new PutRequest(KeyText.Bytes(key), KeyText.Bytes(value)), _now));

    private void Delete(string key) => Assert.IsType<DeleteAnswer>(_store.Handle(new DeleteRequest(KeyRange.One(key)), _now));

    private void EndWatch(EngineErrorKind kind)
    {
        if (_watch is not null)
        {
            _mirror.Notice(new WatchEnded(new EngineError(kind, "ended")), _now);
        }
    }

    private void Settle(long after = 0)
    {
        _now += after;
        bool isMoving;
        do
        {
            isMoving = Serve();
            while (!_isDeaf && _watch is not null && _store.Notice(_watch, ref _next) is { } notice)
            {
                isMoving = true;
                if (notice is WatchEnded)
                {
                    _watch = null;
                }

                _mirror.Notice(notice, _now);
            }
        }
        while (isMoving);
    }

    private bool Serve()
    {
        switch (_mirror.Take(_now))
        {
            case MirrorWish.Ask ask:
                _mirror.Answer(_store.Handle(ask.Request, _now), _now);
                return true;
            case MirrorWish.Open open:
                (_watch, _next) = (open.Request, open.Request.StartRevision);
                _mirror.Notice(new WatchCreated(_store.Header), _now);
                return true;
            default:
                return false;
        }
    }

    private string Text() => string.Join(' ', _mirror.Keys.Select(pair => $"{pair.Key["/m/".Length..]}={KeyText.Of(pair.Value.Value)}"));

    private List<string> Changes()
    {
        List<string> changes = [];
        while (_mirror.TryTakeChange(out var change))
        {
            changes.Add(change.Key["/m/".Length..] + (change.Now is null ? "-" : "+"));
        }

        return changes;
    }
}
