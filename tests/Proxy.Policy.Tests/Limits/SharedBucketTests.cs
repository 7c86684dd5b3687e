using Proxy.Policy.Limits;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Limits;

public sealed class SharedBucketTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void A_lone_share_gets_the_whole_rate()
    {
        var run = new Run(1_000_000, [Taker.Greedy(64 * 1024)]);
        run.For(5 * Second);

        Assert.InRange(run.Takers[0].Received, 5_000_000 - (64 * 1024), 5_000_000 + run.BurstBytes);
    }

    [Fact]
    public void Nobody_waiting_means_nothing_to_grant()
    {
        var bucket = new SharedBucket(1_000, 1_000, 0);

        Assert.False(bucket.TryGrant(0, out _, out _));
        Assert.Null(bucket.MicrosecondsUntilGrant(0));
    }

    [Fact]
    public void A_cancelled_wish_is_not_granted_and_stands_in_nobodys_way()
    {
        var bucket = new SharedBucket(1_000, 1_000, 0);
        var (gone, staying) = (new BucketShare(), new BucketShare("staying"));
        bucket.Request(gone, 10);
        bucket.Request(staying, 10);
        bucket.Cancel(gone);
        bucket.Cancel(gone);

        Assert.Equal(1, bucket.WaitingCount);
        Assert.True(bucket.TryGrant(0, out var share, out var bytes));
        Assert.Equal(("staying", 10L), (share.Owner, bytes));
        Assert.False(bucket.TryGrant(0, out _, out _));
    }

    [Fact]
    public void A_share_that_cancels_and_asks_again_has_one_wish()
    {
        var bucket = new SharedBucket(1_000_000, 1_000_000, 0);
        var share = new BucketShare();
        for (var i = 0; i < 1_000; i++)
        {
            bucket.Request(share, 10);
            bucket.Cancel(share);
        }

        bucket.Request(share, 20);
        bucket.Request(share, 30);

        Assert.True(bucket.TryGrant(0, out _, out var bytes));
        Assert.Equal(30, bytes);
        Assert.False(bucket.TryGrant(0, out _, out _));
        Assert.Equal(0, bucket.WaitingCount);
    }

    [Fact]
    public void What_a_grant_leaves_over_goes_back_to_all()
    {
        var bucket = new SharedBucket(1_000, 1_000, 0);
        var share = new BucketShare();
        bucket.Request(share, 600);
        Assert.True(bucket.TryGrant(0, out _, out var first));
        bucket.GiveBack(share, first - 100);
        bucket.Request(share, 512);
        Assert.True(bucket.TryGrant(0, out _, out var second));

        Assert.Equal(512, second);
        Assert.Equal(0, bucket.MicrosecondsUntilGrant(0) ?? 0);
    }

    [Fact]
    public void The_time_until_a_grant_is_exact()
    {
        var bucket = new SharedBucket(1_000, 512, 0);
        var share = new BucketShare();
        bucket.Request(share, 512);
        Assert.True(bucket.TryGrant(0, out _, out _));
        bucket.Request(share, 100);

        Assert.Equal(100_000, bucket.MicrosecondsUntilGrant(0));
        Assert.False(bucket.TryGrant(99_999, out _, out _));
        Assert.True(bucket.TryGrant(100_000, out _, out var bytes));
        Assert.Equal(100, bytes);
    }

    [Fact]
    public void One_that_was_away_banks_no_turns()
    {
        var early = Taker.Greedy(4096);
        var late = Taker.Greedy(4096);
        late.StartsAt = 20 * Second;
        var run = new Run(1_000_000, [early, late]);
        run.For(20 * Second);
        var before = early.Received;
        run.For(5 * Second);

        AssertFair([early.Received - before, late.Received]);
    }

    [Fact]
    public void A_share_that_asks_for_little_at_a_time_gets_as_much_as_one_that_asks_for_much()
    {
        var run = new Run(1_000_000, [Taker.Greedy(300), Taker.Greedy(64 * 1024), Taker.Greedy(1_000_000)]);
        run.For(5 * Second);

        AssertFair([.. run.Takers.Select(taker => taker.Received)]);
    }

    [Fact]
    public void Greedy_shares_get_the_same_within_a_tenth_over_five_seconds_and_lazy_ones_get_what_they_ask() => Property.Check(40, random =>
    {
        var bytesPerSecond = 20_000L << random.Next(12);
        var greedyCount = random.Next(2, 16);
        var part = bytesPerSecond / 20;
        var takers = new List<Taker>();
        for (var i = 0; i < greedyCount; i++)
        {
            takers.Add(Taker.Greedy(random.Next(2) == 0 ? random.Next(200, 2_000) : random.Next(16_000, 500_000), leavesOver: random.Next(3) == 0));
        }

        // Each wants a part that is below what an equal share would be, so it is to have all of it.
        for (var i = random.Next(4); i > 0; i--)
        {
            takers.Add(Taker.Lazy(Math.Max(1, part / 20), everyMicroseconds: Second / 20));
        }

        var run = new Run(bytesPerSecond, [.. takers.OrderBy(_ => random.Next())]);
        run.For(Second);
        var before = run.Takers.ToDictionary(taker => taker, taker => (taker.Received, taker.Asked));
        run.For(5 * Second);

        var greedy = run.Takers.Where(taker => taker.IsGreedy).Select(taker => taker.Received - before[taker].Received).ToArray();
        AssertFair(greedy);
        foreach (var lazy in run.Takers.Where(taker => !taker.IsGreedy))
        {
            var (received, asked) = (lazy.Received - before[lazy].Received, lazy.Asked - before[lazy].Asked);
            Assert.True(received >= asked * 9 / 10, $"a lazy one asked for {asked} and got {received}");
        }

        var sum = run.Takers.Sum(taker => taker.Received - before[taker].Received);
        Assert.True(sum <= (5 * bytesPerSecond) + run.BurstBytes, $"{sum} bytes at {bytesPerSecond} bytes/s");
        Assert.True(sum >= 5 * bytesPerSecond * 98 / 100, $"only {sum} bytes at {bytesPerSecond} bytes/s");
    });

    [Fact]
    public void Large_requests_that_come_only_after_a_round_of_grants_are_served_as_fairly() => Property.Check(20, random =>
    {
        var takers = Enumerable.Range(0, random.Next(2, 16))
            .Select(_ => Taker.Greedy(SharedBucket.MaximumGrantBytes, leavesOver: random.Next(2) == 0));
        var run = new Run(100_000L << random.Next(8), [.. takers], asksAtOnce: false);
        run.For(Second);
        var before = run.Takers.Select(taker => taker.Received).ToArray();
        run.For(5 * Second);

        AssertFair([.. run.Takers.Select((taker, i) => taker.Received - before[i])]);
    });

    [Fact]
    public void The_queue_of_wishes_stays_as_small_as_the_wishes_whatever_comes_and_goes() => Property.Check(50, random =>
    {
        var bucket = new SharedBucket(100_000, 10_000, 0);
        var shares = Enumerable.Range(0, 30).Select(_ => new BucketShare()).ToArray();
        var waiting = new HashSet<BucketShare>();
        long now = 0;
        for (var step = 0; step < 2_000; step++)
        {
            var share = shares[random.Next(shares.Length)];
            now += random.Next(2_000);
            switch (random.Next(3))
            {
                case 0:
                    bucket.Request(share, random.Next(1, 5_000));
                    waiting.Add(share);
                    break;
                case 1:
                    bucket.Cancel(share);
                    waiting.Remove(share);
                    break;
                default:
                    if (bucket.TryGrant(now, out var granted, out _))
                    {
                        Assert.True(waiting.Remove(granted), "granted to one that did not wait");
                    }

                    break;
            }

            Assert.Equal(waiting.Count, bucket.WaitingCount);
            Assert.Equal(waiting.Contains(share), share.IsWaiting);
        }

        for (; waiting.Count > 0; now += bucket.MicrosecondsUntilGrant(now)!.Value)
        {
            while (bucket.TryGrant(now, out var granted, out _))
            {
                Assert.True(waiting.Remove(granted));
            }

            if (waiting.Count == 0)
            {
                break;
            }
        }

        Assert.False(bucket.TryGrant(now + Second, out _, out _));
    });

    private static void AssertFair(long[] received)
    {
        Assert.True(received.Max() - received.Min() <= received.Average() / 10, $"not within a tenth of each other: {string.Join(' ', received)}");
    }

    // A connection: a greedy one asks again as soon as it has something, a lazy one asks for the same every so often.
    private sealed class Taker
    {
        private readonly long _bytes;
        private readonly long _everyMicroseconds;
        private readonly bool _leavesOver;
        private long _backlog;
        private long _nextAt;

        private Taker(long bytes, long everyMicroseconds, bool leavesOver)
        {
            (_bytes, _everyMicroseconds, _leavesOver) = (bytes, everyMicroseconds, leavesOver);
            Share = new BucketShare(this);
        }

        public BucketShare Share { get; }

        public bool IsGreedy => _everyMicroseconds == 0;

        public long StartsAt { get; set; }

        public long Received { get; private set; }

        public long Asked { get; private set; }

        public static Taker Greedy(long bytes, bool leavesOver = false) => new(bytes, 0, leavesOver);

        public static Taker Lazy(long bytes, long everyMicroseconds) => new(bytes, everyMicroseconds, leavesOver: false);

        public void AskIfDue(SharedBucket bucket, long now)
        {
            if (!IsGreedy && now >= _nextAt)
            {
                _backlog += _bytes;
                Asked += _bytes;
                _nextAt = now + _everyMicroseconds;
            }

            var wanted = IsGreedy ? _bytes : _backlog;
            if (now >= StartsAt && wanted > 0 && !Share.IsWaiting)
            {
                bucket.Request(Share, wanted);
            }
        }

        public void Take(SharedBucket bucket, long bytes)
        {
            var moved = _leavesOver ? (bytes + 1) / 2 : bytes;
            bucket.GiveBack(Share, bytes - moved);
            _backlog -= IsGreedy ? 0 : moved;
            Received += moved;
        }
    }

    // Drives a bucket as a loop does: awake when a grant is due, but not more often than every millisecond.
    private sealed class Run
    {
        private readonly SharedBucket _bucket;
        private readonly bool _asksAtOnce;
        private long _now;

        public Run(long bytesPerSecond, Taker[] takers, bool asksAtOnce = true)
        {
            _asksAtOnce = asksAtOnce;
            var bandwidth = Bandwidth.Of(bytesPerSecond);
            (_bucket, Takers, BurstBytes) = (bandwidth.ToSharedBucket(0), takers, bandwidth.BurstBytes);
        }

        public Taker[] Takers { get; }

        public long BurstBytes { get; }

        public void For(long microseconds)
        {
            var end = _now + microseconds;
            while (_now < end)
            {
                foreach (var taker in Takers)
                {
                    taker.AskIfDue(_bucket, _now);
                }

                while (_bucket.TryGrant(_now, out var share, out var bytes))
                {
                    var taker = (Taker)share.Owner!;
                    taker.Take(_bucket, bytes);
                    if (_asksAtOnce)
                    {
                        taker.AskIfDue(_bucket, _now);
                    }
                }

                _now += Math.Clamp(_bucket.MicrosecondsUntilGrant(_now) ?? 5_000, 1_000, 5_000);
            }
        }
    }
}
