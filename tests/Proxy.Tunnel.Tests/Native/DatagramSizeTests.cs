using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class DatagramSizeTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void A_path_that_carries_the_largest_gets_it_with_the_first_try()
    {
        var size = new DatagramSize(1452);
        Assert.Null(size.NextTry(0));
        Assert.Equal(1452, size.NextTry(Second));
        size.HandleTried();
        Assert.Null(size.NextTry(Second));
        size.HandleTryArrived(1452, 2 * Second);
        Assert.Equal(1452, size.Bytes);
        Assert.Null(size.NextTry(3 * Second));
    }

    [Fact]
    public void A_size_that_is_lost_three_times_gives_way_to_the_next_smaller()
    {
        var size = new DatagramSize(1452);
        size.NextTry(0);
        var tried = new List<int>();
        for (var now = Second; size.NextTry(now) is { } next; now += Second)
        {
            tried.Add(next);
            size.HandleTried();
            if (next <= 1350)
            {
                size.HandleTryArrived(next, now);
            }
            else
            {
                size.HandleTryLost(now);
            }
        }

        Assert.Equal([1452, 1452, 1452, 1412, 1412, 1412, 1332], tried);
        Assert.Equal(1332, size.Bytes);
    }

    [Fact]
    public void Large_ones_that_stop_arriving_for_a_round_trip_are_a_black_hole_which_is_tried_again_after_a_minute()
    {
        var size = Grown();
        size.HandleArrived(1452, 10 * Second);
        Assert.False(size.HandleLost(1452, (10 * Second) + 1000, 50_000, 11 * Second));
        Assert.False(size.HandleLost(1452, (10 * Second) + 2000, 50_000, 11 * Second));
        Assert.False(size.HandleLost(1452, (10 * Second) + 3000, 50_000, 11 * Second));
        Assert.True(size.HandleLost(1452, (10 * Second) + 51_000, 50_000, 11 * Second));
        Assert.Equal(1200, size.Bytes);
        Assert.Null(size.NextTry(70 * Second));
        Assert.Equal(1452, size.NextTry(72 * Second));
    }

    [Fact]
    public void Losses_between_arrivals_and_losses_of_small_ones_are_no_black_hole()
    {
        var size = Grown();
        for (var count = 0; count < 100; count++)
        {
            var now = (10 * Second) + (count * 100_000);
            Assert.False(size.HandleLost(1200, now, 50_000, now));
            Assert.False(size.HandleLost(1452, now, 50_000, now));
            Assert.False(size.HandleLost(1452, now, 50_000, now));
            size.HandleArrived(1452, now);
        }
    }

    private static DatagramSize Grown()
    {
        var size = new DatagramSize(1452);
        size.NextTry(0);
        size.NextTry(Second);
        size.HandleTried();
        size.HandleTryArrived(1452, Second);
        return size;
    }
}
