using Proxy.TestKit;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Native.Fec;

namespace Proxy.Tunnel.Tests.Native.Fec;

public sealed class FecPolicyTests
{
    private const long RoundTrip = 100_000;

    private readonly FecPolicy _policy = new(FecMode.Adaptive, members: 1, shards: 1);

    [Fact]
    public void Adaptive_is_on_when_there_are_losses_a_long_round_trip_and_tails()
    {
        Settle(datagrams: 2000, lostOf100: 5);
        Assert.False(_policy.IsOn(RoundTrip, 1_000_000));
        _policy.HandleTail(1_000_000);
        Assert.True(_policy.IsOn(RoundTrip, 1_000_000));
        Assert.True(_policy.IsOn(30_001, 3_000_000));
        Assert.False(_policy.IsOn(30_000, 1_000_000));
        Assert.False(_policy.IsOn(RoundTrip, 3_000_001));
        _policy.Restart();
        Assert.False(_policy.IsOn(RoundTrip, 1_000_000));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(3, true)]
    public void One_in_a_hundred_is_not_enough(int lostOf100, bool isOn)
    {
        _policy.HandleTail(0);
        Settle(datagrams: 10_000, lostOf100);
        Assert.Equal(isOn, _policy.IsOn(RoundTrip, 0));
    }

    [Fact]
    public void A_burst_of_losses_is_not_a_path_that_loses()
    {
        _policy.HandleTail(0);
        Settle(datagrams: 1024, lostOf100: 0);
        Settle(datagrams: 256, lostOf100: 30);
        Assert.False(_policy.IsOn(RoundTrip, 0));
    }

    [Fact]
    public void What_a_queue_may_have_dropped_is_no_loss_of_the_path_and_pays_for_nothing()
    {
        _policy.HandleTail(0);
        for (var count = 0; count < 4000; count++)
        {
            if (count % 5 == 0)
            {
                _policy.HandleLost(1000, isShard: false, isQueueing: true);
            }
            else
            {
                _policy.HandleArrived(isQueueing: true);
            }
        }

        Assert.Equal(0, _policy.BudgetBytes);
        Assert.False(_policy.IsOn(RoundTrip, 0));
        Settle(datagrams: 2000, lostOf100: 5);
        Assert.True(_policy.IsOn(RoundTrip, 0));
    }

    [Fact]
    public void Each_lost_byte_pays_for_one_and_a_half_and_what_was_late_takes_it_back()
    {
        _policy.HandleLost(1000, isShard: false, isQueueing: false);
        Assert.Equal(1500, _policy.BudgetBytes);
        _policy.HandleLost(1000, isShard: true, isQueueing: false);
        Assert.Equal(1500, _policy.BudgetBytes);
        _policy.HandleShardSent(600);
        _policy.HandleSpurious(1000, isShard: false);
        Assert.Equal(-600, _policy.BudgetBytes);
        Assert.Equal(0, _policy.ShardsFor(10, 100, out _));
    }

    [Fact]
    public void The_budget_does_not_grow_for_ever()
    {
        Settle(datagrams: 100_000, lostOf100: 10);
        Assert.InRange(_policy.BudgetBytes, 1500, 100_000);
    }

    [Fact]
    public void A_group_ends_at_a_tail_that_has_waited_or_is_large_and_never_while_more_follows()
    {
        Settle(datagrams: 2000, lostOf100: 5);
        _policy.HandleShardSent((int)_policy.BudgetBytes);
        Assert.Equal(75_000, _policy.TailWaitMicroseconds(RoundTrip));
        Assert.False(_policy.MayEnd(1, isFull: false, isTail: true, 74_999, RoundTrip));
        Assert.True(_policy.MayEnd(1, isFull: false, isTail: true, 75_000, RoundTrip));
        Assert.True(_policy.MayEnd(50, isFull: false, isTail: true, 0, RoundTrip));
        Assert.False(_policy.MayEnd(64, isFull: true, isTail: false, 1_000_000, RoundTrip));
    }

    [Fact]
    public void With_less_than_it_needs_a_group_covers_its_newest_alone()
    {
        Settle(datagrams: 2000, lostOf100: 5);
        _policy.HandleShardSent((int)_policy.BudgetBytes - 1000);
        Assert.Equal(3, _policy.ShardsFor(40, 100, out var members));
        Assert.Equal(40, members);
        Assert.Equal(1, _policy.ShardsFor(40, 1000, out members));
        Assert.InRange(members, 10, 16);
    }

    [Theory]
    [InlineData(10, 2, 1, 1)]
    [InlineData(10, 2, 5, 1)]
    [InlineData(10, 2, 6, 2)]
    [InlineData(10, 2, 10, 2)]
    [InlineData(4, 8, 1, 2)]
    public void A_fixed_group_that_ends_early_gets_its_share_of_shards(int members, int shards, int groupMembers, int expected)
    {
        var policy = new FecPolicy(FecMode.Fixed, members, shards);
        Assert.True(policy.IsOn(0, 0));
        Assert.Equal(expected, policy.ShardsFor(groupMembers, 1000, out var most));
        Assert.Equal(groupMembers, most);
        Assert.Equal(groupMembers == members, policy.MayEnd(groupMembers, isFull: false, isTail: false, 0, RoundTrip));
        Assert.True(policy.MayEnd(groupMembers, isFull: false, isTail: true, 25_000, RoundTrip));
    }

    [Fact]
    public void Whatever_happens_shards_cost_at_most_one_and_a_half_times_what_was_lost() => Property.Check(200, random =>
    {
        var policy = new FecPolicy(FecMode.Adaptive, 1, 1);
        var (lost, spent) = (0L, 0L);
        for (var step = 0; step < 3000; step++)
        {
            var bytes = random.Next(50, 1452);
            switch (random.Next(12))
            {
                case 0:
                    policy.HandleLost(bytes, isShard: false, isQueueing: false);
                    lost += bytes;
                    break;
                case 1:
                    policy.HandleLost(bytes, isShard: true, isQueueing: false);
                    break;
                case 2:
                    for (var shards = policy.ShardsFor(random.Next(1, 65), bytes, out _); shards > 0; shards--)
                    {
                        policy.HandleShardSent(bytes);
                        spent += bytes;
                    }

                    break;
                default:
                    policy.HandleArrived(isQueueing: false);
                    break;
            }

            Assert.True(spent <= 1.5 * lost);
        }
    });

    private void Settle(int datagrams, int lostOf100)
    {
        for (var count = 0; count < datagrams; count++)
        {
            if (count % 100 * lostOf100 / 100 != ((count % 100) + 1) * lostOf100 / 100)
            {
                _policy.HandleLost(1000, isShard: false, isQueueing: false);
            }
            else
            {
                _policy.HandleArrived(isQueueing: false);
            }
        }
    }
}
