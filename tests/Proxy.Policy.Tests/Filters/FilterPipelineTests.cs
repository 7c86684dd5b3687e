using System.Text;
using Proxy.Policy.Filters;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Filters;

public sealed class FilterPipelineTests
{
    [Fact]
    public void Without_filters_there_is_no_pipeline() =>
        Assert.Null(FilterPipeline.TryCreate([], PipelineRun.Connection, null!, new LeakCheckingPool()));

    [Fact]
    public void Each_filter_is_called_once_without_bytes_when_the_connection_begins()
    {
        var filter = new ScriptedFilter(ScriptedFilter.Pass);
        using var run = new PipelineRun(filter);
        Assert.Equal([">", "<"], filter.Calls);
    }

    [Fact]
    public void The_first_filter_stands_nearest_to_the_client()
    {
        using var run = new PipelineRun(Marking("1"), Marking("2"));
        run.Receive("a");
        run.Receive("b", FilterDirection.ToClient);
        Assert.Equal(("a12", "b21"), (run.ToUpstream, run.ToClient));
    }

    [Fact]
    public void A_direction_without_filters_passes()
    {
        var filter = new ScriptedFilter(ScriptedFilter.Pass) { Directions = FilterDirections.ToClient };
        using var run = new PipelineRun(filter);
        run.Receive("a");
        run.End();
        Assert.Equal(("a", true), (run.ToUpstream, run.HasEnded(FilterDirection.ToUpstream)));
        Assert.Equal(["<"], filter.Calls);
    }

    [Fact]
    public void Held_bytes_come_again_in_front_of_new_ones()
    {
        var filter = new ScriptedFilter((_, input, output, _) =>
        {
            if (input.Length < 5)
            {
                output.HoldBack(input.Length);
                return;
            }

            output.Write(Encoding.Latin1.GetBytes(input[..5]));
            output.HoldBack(input.Length - 5);
        });
        using var run = new PipelineRun(filter);
        run.Receive("ab");
        run.Receive("cd");
        Assert.Equal("", run.ToUpstream);
        Assert.False(run.Pipeline.IsBlocked(FilterDirection.ToUpstream));
        run.Receive("efg");
        Assert.Equal("abcde", run.ToUpstream);
        run.End();
        Assert.Equal([">", "<", ">ab", ">abcd", ">abcdefg", ">end:fg"], filter.Calls);
        Assert.Equal(("abcdefg", true, 0), (run.ToUpstream, run.HasEnded(FilterDirection.ToUpstream), run.BuffersOut));
    }

    [Fact]
    public void Ends_pass_filter_by_filter_and_each_direction_for_itself()
    {
        var second = new ScriptedFilter(ScriptedFilter.Pass, (_, _, output, _) => output.Write("end2"u8));
        using var run = new PipelineRun(new ScriptedFilter(ScriptedFilter.Pass, (_, _, output, _) => output.Write("end1"u8)), second);
        run.End();
        run.End();
        run.Receive("late");
        Assert.Equal("end1end2", run.ToUpstream);
        Assert.Equal((true, false), (run.HasEnded(FilterDirection.ToUpstream), run.HasEnded(FilterDirection.ToClient)));
        run.Receive("b", FilterDirection.ToClient);
        Assert.Equal("b", run.ToClient);
    }

    [Fact]
    public void What_is_held_for_a_moment_blocks_until_it_has_come()
    {
        var isHolding = true;
        FilterStep step = (_, input, output, now) =>
        {
            if (isHolding && input.Length > 0)
            {
                output.HoldBack(input.Length);
                output.CallAt(now + 5000);
                return;
            }

            output.Write(Encoding.Latin1.GetBytes(input));
        };
        var filter = new ScriptedFilter(step, step);
        using var run = new PipelineRun(filter);
        run.Receive("a");
        Assert.True(run.Pipeline.IsBlocked(FilterDirection.ToUpstream));
        Assert.False(run.Pipeline.IsBlocked(FilterDirection.ToClient));
        Assert.Equal(run.Now + 5000, run.Pipeline.NextDueMicroseconds);

        run.Receive("b");
        run.End();
        run.Advance(4999);
        Assert.Equal([">", "<", ">a"], filter.Calls);
        run.Advance(1);
        Assert.Equal(">end:ab", filter.Calls[^1]);
        Assert.False(run.HasEnded(FilterDirection.ToUpstream));

        isHolding = false;
        run.Advance(5000);
        Assert.Equal(("ab", true, null), (run.ToUpstream, run.HasEnded(FilterDirection.ToUpstream), run.Pipeline.NextDueMicroseconds));
        Assert.False(run.Pipeline.IsBlocked(FilterDirection.ToUpstream));
    }

    [Fact]
    public void A_moment_is_forgotten_when_bytes_come_first()
    {
        using var run = new PipelineRun(new ScriptedFilter((_, input, output, now) =>
        {
            if (input.Length == 0)
            {
                output.CallAt(now + 9000);
                output.CallAt(now + 7000);
                output.CallAt(now + 8000);
            }
        })
        { Directions = FilterDirections.ToUpstream });
        Assert.Equal(run.Now + 7000, run.Pipeline.NextDueMicroseconds);
        run.Receive("a");
        Assert.Null(run.Pipeline.NextDueMicroseconds);
    }

    [Fact]
    public void A_moment_is_not_nearer_than_the_shortest_wait()
    {
        using var run = new PipelineRun(new ScriptedFilter((_, _, output, now) => output.CallAt(now - 5)));
        Assert.Equal(run.Now + FilterLimits.ShortestWaitMicroseconds, run.Pipeline.NextDueMicroseconds);
    }

    [Fact]
    public void A_cut_passes_what_was_written_before_and_ends_both_directions()
    {
        var second = new ScriptedFilter(ScriptedFilter.Pass);
        using var run = new PipelineRun(
            new ScriptedFilter((_, input, output, _) =>
            {
                if (input.Length > 0)
                {
                    output.Write("last"u8);
                    output.Cut("enough");
                    output.Cut("more than enough");
                    output.Write("never"u8);
                }
            })
            { Name = "cutter" },
            second);
        run.Receive("a");
        Assert.Equal(new FilterCut("cutter", "enough"), run.Pipeline.Cut);
        run.Receive("b", FilterDirection.ToClient);
        run.End();
        Assert.Equal(("last", ""), (run.ToUpstream, run.ToClient));
        Assert.False(run.HasEnded(FilterDirection.ToUpstream));
        Assert.Null(run.Pipeline.NextDueMicroseconds);
        Assert.Equal([">", "<", ">last"], second.Calls);
    }

    [Fact]
    public void A_filter_that_throws_ends_its_connection()
    {
        var defect = new InvalidDataException(new string('x', 1000));
        using var run = new PipelineRun(Marking("1"), new ScriptedFilter((_, input, _, _) => throw defect) { Name = "broken" });
        Assert.Equal(new FilterCut("broken", new string('x', FilterLimits.ReasonCharacters), defect), run.Pipeline.Cut);
    }

    [Fact]
    public void A_factory_that_throws_ends_the_connection_and_what_it_had_is_disposed()
    {
        var first = new ScriptedFilter(ScriptedFilter.Pass);
        var second = new LogFilterFactory(FilterLogFormat.Hex, FilterDirections.Both, 1, _ => throw new IOException("disk"));
        using (var run = new PipelineRun(first, second))
        {
            Assert.Equal(("log", "disk"), (run.Pipeline.Cut!.Filter, run.Pipeline.Cut.Reason));
        }

        Assert.Equal(1, first.Disposals);
    }

    [Fact]
    public void More_than_the_limit_is_not_held_for_more_bytes()
    {
        using var run = new PipelineRun(new ScriptedFilter((_, input, output, _) => output.HoldBack(input.Length)));
        run.Receive(new byte[FilterLimits.HeldBytes]);
        Assert.Null(run.Pipeline.Cut);
        run.Receive("a");
        Assert.NotNull(run.Pipeline.Cut);
    }

    [Fact]
    public void More_than_the_limit_is_not_held_for_a_moment_either()
    {
        using var run = new PipelineRun(new ScriptedFilter((_, input, output, now) =>
        {
            output.HoldBack(input.Length);
            output.CallAt(now + 1_000_000);
        }));
        for (var read = 0; read < FilterLimits.StoredBytes / 65536; read++)
        {
            run.Receive(new byte[65536]);
        }

        Assert.Null(run.Pipeline.Cut);
        run.Receive("a");
        Assert.NotNull(run.Pipeline.Cut);
    }

    [Fact]
    public void Nothing_waits_for_bytes_behind_the_end()
    {
        FilterStep hold = (_, input, output, _) => output.HoldBack(input.Length);
        using var run = new PipelineRun(new ScriptedFilter(hold, hold));
        run.Receive("a");
        run.End();
        Assert.NotNull(run.Pipeline.Cut);
        Assert.False(run.HasEnded(FilterDirection.ToUpstream));
    }

    [Fact]
    public void Filters_together_do_not_write_more_than_the_limit_for_one_call()
    {
        var block = new byte[1024 * 1024];
        FilterStep grow = (_, input, output, _) =>
        {
            for (var count = 0; count < input.Length; count++)
            {
                output.Write(block);
            }
        };
        using var run = new PipelineRun(new ScriptedFilter(grow));
        run.Receive("abcd");
        run.Receive("abcd");
        Assert.Null(run.Pipeline.Cut);
        run.Receive("abcde");
        Assert.NotNull(run.Pipeline.Cut);
        Assert.Equal(12 * block.Length, run.ToUpstream.Length);
    }

    [Fact]
    public void An_output_is_only_good_during_its_call()
    {
        IFilterOutput? kept = null;
        using var run = new PipelineRun(new ScriptedFilter((_, _, output, _) => kept = output));
        Assert.Throws<InvalidOperationException>(() => kept!.Write("late"u8));
        Assert.Throws<InvalidOperationException>(() => kept!.HoldBack(0));
        Assert.Throws<InvalidOperationException>(() => kept!.CallAt(0));
        Assert.Throws<InvalidOperationException>(() => kept!.Cut("late"));
        Assert.Null(run.Pipeline.Cut);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void Only_input_can_be_held_back(int bytes)
    {
        using var run = new PipelineRun(new ScriptedFilter((_, input, output, _) => output.HoldBack(input.Length == 0 ? 0 : bytes)));
        run.Receive("a");
        Assert.IsType<ArgumentOutOfRangeException>(run.Pipeline.Cut!.Defect);
    }

    [Fact]
    public void The_number_of_filters_is_bounded()
    {
        var factories = Enumerable.Repeat(Marking("x"), FilterLimits.Filters + 1).ToArray();
        Assert.Throws<ArgumentOutOfRangeException>(() => new PipelineRun(factories));
    }

    [Fact]
    public void What_is_held_at_the_end_of_the_connection_goes_back_to_the_pool()
    {
        var filter = new ScriptedFilter((_, input, output, _) => output.HoldBack(input.Length));
        var run = new PipelineRun(filter);
        run.Receive("held");
        Assert.Equal(1, run.BuffersOut);
        run.Dispose();
        run.Dispose();
        Assert.Equal(1, filter.Disposals);
    }

    private static ScriptedFilter Marking(string mark) => new ScriptedFilter(
        (_, input, output, _) => output.Write(input.Length == 0 ? [] : Encoding.Latin1.GetBytes(input + mark)));
}
