using Proxy.Policy.Filters;

namespace Proxy.Policy.Tests.Filters;

/// <summary>A pipeline whose connection is over.</summary>
public sealed class FilterPipelineEndTests
{
    [Fact]
    public void A_filter_that_throws_when_it_is_disposed_is_a_cut_and_the_others_are_disposed_all_the_same()
    {
        var defect = new IOException("disk");
        var last = new ScriptedFilter(ScriptedFilter.Pass);
        var run = new PipelineRun(new LogFilterFactory(FilterLogFormat.Hex, FilterDirections.Both, 1, _ => new FailingLog(defect)), last);

        run.Dispose();

        Assert.Equal(new FilterCut("log", "disk", defect), run.Pipeline.Cut);
        Assert.Equal(1, last.Disposals);
    }

    [Fact]
    public void Nothing_is_called_after_the_end()
    {
        var filter = new ScriptedFilter(ScriptedFilter.Pass);
        var run = new PipelineRun(filter);
        run.Dispose();
        run.Receive("a");
        run.End();
        Assert.Equal([">", "<"], filter.Calls);
        Assert.Null(run.Pipeline.Cut);
    }

    private sealed class FailingLog(Exception defect) : IFilterLog
    {
        public void WriteLine(long nowMicroseconds, ReadOnlySpan<char> line)
        {
            // Its end is what it is for.
        }

        public void Dispose() => throw defect;
    }
}
