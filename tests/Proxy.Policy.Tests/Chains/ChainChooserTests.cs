using Proxy.Policy.Chains;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Chains;

public sealed class ChainChooserTests
{
    private const long Second = 1_000_000;

    private static readonly ChainChoiceSettings Settings = ChainChoiceSettings.Default;

    [Fact]
    public void Before_anything_is_measured_the_heaviest_chain_is_taken_and_of_equals_the_first()
    {
        Assert.Equal(1, new ChainChooser([1, 5, 5], Settings, 0).Current);
        Assert.Equal(0, new ChainChooser([2, 2], Settings, 0).Current);
    }

    [Fact]
    public void Another_takes_over_only_when_it_was_clearly_better_three_times_running()
    {
        var chooser = Measured(100, 100);
        chooser.HandleMeasured(1, 20_000, 0, Second);
        chooser.HandleMeasured(1, 20_000, 0, Second);
        Assert.Equal(0, chooser.Current);
        Assert.True(chooser.HandleMeasured(1, 20_000, 0, Second));
        Assert.Equal(1, chooser.Current);
    }

    [Fact]
    public void A_measurement_that_is_not_better_begins_the_count_anew()
    {
        var chooser = Measured(100, 80);
        Better(chooser, 1, 2);
        chooser.HandleMeasured(1, 900_000, 0, Second);
        Assert.True(chooser.StateOf(1).RoundTripMicroseconds > 100_000);
        for (var more = 0; more < 20 && chooser.Current == 0; more++)
        {
            chooser.HandleMeasured(1, 20_000, 0, Second);
            Assert.True(chooser.Current == 0 || more >= 3, $"It took over after {more + 1}.");
        }

        Assert.Equal(1, chooser.Current);
    }

    [Fact]
    public void A_little_better_is_not_better()
    {
        var chooser = Measured(100, 90);
        for (var round = 0; round < 50; round++)
        {
            Assert.False(chooser.HandleMeasured(0, 100_000, 0, round * Second));
            Assert.False(chooser.HandleMeasured(1, 90_000, 0, round * Second));
        }
    }

    [Fact]
    public void Weight_and_loss_count_with_the_round_trip()
    {
        var chooser = new ChainChooser([1, 3, 1], Settings, 0);
        chooser.HandleMeasured(0, 50_000, 0, 0);
        chooser.HandleMeasured(1, 100_000, 0, 0);
        chooser.HandleMeasured(2, 40_000, 0.5, 0);
        Assert.Equal(1, chooser.Current);
        Assert.True(chooser.StateOf(1).Score > chooser.StateOf(0).Score);
        Assert.True(chooser.StateOf(0).Score > chooser.StateOf(2).Score);
    }

    [Fact]
    public void A_chain_that_fails_is_left_at_once_for_the_best_of_the_others()
    {
        var chooser = Measured(10, 100, 50);
        Assert.True(chooser.HandleFailed(0, Second));
        Assert.Equal(2, chooser.Current);
        Assert.True(chooser.StateOf(0).HasFailed);
    }

    [Fact]
    public void A_failed_chain_is_measured_again_after_a_time_that_grows_to_its_bound()
    {
        var chooser = Measured(10, 100);
        var now = 0L;
        var waits = new List<long>();
        for (var failure = 0; failure < 9; failure++)
        {
            chooser.HandleFailed(0, now);
            var due = now;
            while (!chooser.TakeDue(due).Contains(0))
            {
                due += Second / 2;
            }

            waits.Add((due - now) / Second);
            now = due;
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], waits);
    }

    [Fact]
    public void A_hundred_connections_that_were_in_it_are_one_failure()
    {
        var chooser = Measured(10, 100);
        for (var connection = 0; connection < 100; connection++)
        {
            chooser.HandleFailed(0, connection);
        }

        Assert.Contains(0, chooser.TakeDue(Second));
    }

    [Fact]
    public void A_chain_that_came_back_has_to_prove_itself_before_it_is_taken_again()
    {
        var chooser = Measured(10, 100);
        chooser.HandleFailed(0, 0);
        Assert.False(chooser.HandleMeasured(0, 10_000, 0, 2 * Second));
        Assert.False(chooser.StateOf(0).HasFailed);
        Assert.Equal(1, chooser.Current);
        Better(chooser, 0, 2);
        Assert.Equal(0, chooser.Current);
    }

    [Fact]
    public void When_all_have_failed_the_one_that_comes_back_is_taken_at_once()
    {
        var chooser = Measured(10, 100, 50);
        chooser.HandleFailed(0, 0);
        chooser.HandleFailed(2, 0);
        chooser.HandleFailed(1, 0);
        Assert.Equal(0, chooser.Current);
        Assert.True(chooser.HandleMeasured(1, 100_000, 0, Second));
        Assert.Equal(1, chooser.Current);
    }

    [Fact]
    public void Each_chain_is_due_once_in_an_interval()
    {
        var chooser = new ChainChooser([1, 1], Settings, 0);
        Assert.Equal([0, 1], chooser.TakeDue(0));
        Assert.Empty(chooser.TakeDue(0));
        Assert.Equal(10 * Second, chooser.NextDueMicroseconds);
        Assert.Empty(chooser.TakeDue((10 * Second) - 1));
        Assert.Equal([0, 1], chooser.TakeDue(10 * Second));
    }

    [Fact]
    public void Whatever_happens_a_chain_that_works_is_taken_while_there_is_one() => Property.Check(500, random =>
    {
        var count = random.Next(1, 5);
        var chooser = new ChainChooser([.. Enumerable.Range(0, count).Select(_ => random.Next(1, 5))], Settings, 0);
        var now = 0L;
        for (var step = 0; step < 100; step++)
        {
            now += random.Next(3 * (int)Second);
            var before = chooser.Current;
            var chain = random.Next(count);
            var hasChanged = random.Next(3) switch
            {
                0 => chooser.HandleFailed(chain, now),
                1 => chooser.HandleMeasured(chain, random.Next(1, 500_000), random.NextDouble(), now),
                _ => chooser.HandleWorks(chain, now),
            };
            Assert.Equal(before != chooser.Current, hasChanged);
            var works = Enumerable.Range(0, count).Where(each => !chooser.StateOf(each).HasFailed).ToList();
            Assert.True(works.Count == 0 || works.Contains(chooser.Current), "A failed one is taken while another works.");
        }
    });

    /// <summary>Chains of equal weight that were measured once, with these round trips in milliseconds, the first of them taken.</summary>
    private static ChainChooser Measured(params int[] milliseconds)
    {
        var chooser = new ChainChooser([.. milliseconds.Select(_ => 1)], Settings, 0);
        for (var chain = 0; chain < milliseconds.Length; chain++)
        {
            chooser.HandleMeasured(chain, milliseconds[chain] * 1000, 0, 0);
        }

        Assert.Equal(0, chooser.Current);
        return chooser;
    }

    private static void Better(ChainChooser chooser, int chain, int times)
    {
        for (var time = 0; time < times; time++)
        {
            chooser.HandleMeasured(chain, 10_000, 0, Second);
        }
    }
}
