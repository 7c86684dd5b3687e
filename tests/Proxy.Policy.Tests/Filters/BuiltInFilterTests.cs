using System.Text;
using Proxy.Policy.Filters;

namespace Proxy.Policy.Tests.Filters;

public sealed class BuiltInFilterTests
{
    private const int Second = 1_000_000;

    [Fact]
    public void Time_cuts_a_silent_connection()
    {
        using var run = new PipelineRun(new CutFilterFactory(maxBytes: null, 5 * Second));
        run.Advance((5 * Second) - 1);
        Assert.Null(run.Pipeline.Cut);
        Assert.Equal(run.Now + 1, run.Pipeline.NextDueMicroseconds);
        run.Advance(1);
        Assert.Equal(new FilterCut("cut", CutFilterFactory.TimeReason), run.Pipeline.Cut);
    }

    [Fact]
    public void Time_cuts_a_busy_or_half_closed_connection_too()
    {
        using var run = new PipelineRun(new CutFilterFactory(maxBytes: null, 5 * Second));
        run.Receive("a");
        run.End(FilterDirection.ToClient);
        run.Advance(4 * Second);
        run.Receive("b");
        run.Advance(Second);
        run.Receive("c");
        Assert.Equal("ab", run.ToUpstream);
        Assert.Equal(CutFilterFactory.TimeReason, run.Pipeline.Cut?.Reason);
    }

    [Fact]
    public void Bytes_are_limited_in_each_direction_for_itself()
    {
        using var run = new PipelineRun(new CutFilterFactory(3, maxMicroseconds: null));
        run.Receive("abc");
        run.Receive("xyz", FilterDirection.ToClient);
        Assert.Null(run.Pipeline.Cut);
        run.Receive("4", FilterDirection.ToClient);
        Assert.Equal(("abc", "xyz", CutFilterFactory.BytesReason), (run.ToUpstream, run.ToClient, run.Pipeline.Cut!.Reason));
    }

    [Fact]
    public void A_throttle_lets_a_burst_pass_and_then_its_rate()
    {
        using var run = new PipelineRun(new ThrottleFilterFactory(toUpstream: null, new ThrottleRate(100, 10)));
        run.Receive(new string('u', 5000));
        run.Receive(new string('c', 30), FilterDirection.ToClient);
        Assert.Equal((5000, 10), (run.ToUpstream.Length, run.ToClient.Length));
        Assert.Equal((false, true), (run.Pipeline.IsBlocked(FilterDirection.ToUpstream), run.Pipeline.IsBlocked(FilterDirection.ToClient)));
        Assert.Equal(run.Now + (Second / 20), run.Pipeline.NextDueMicroseconds);
        run.Advance(Second / 20);
        Assert.Equal(15, run.ToClient.Length);
        run.RunUntil(() => !run.Pipeline.IsBlocked(FilterDirection.ToClient));
        Assert.Equal(30, run.ToClient.Length);
    }

    [Fact]
    public void A_throttle_saves_no_more_than_its_burst()
    {
        using var run = new PipelineRun(new ThrottleFilterFactory(new ThrottleRate(ThrottleRate.MaxBytes, 10), toClient: null));
        run.Receive("0123456789");
        run.Advance(long.MaxValue / 4);
        run.Receive("0123456789abc");
        Assert.Equal(20, run.ToUpstream.Length);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(ThrottleRate.MaxBytes + 1, 1)]
    [InlineData(1, ThrottleRate.MaxBytes + 1)]
    public void A_rate_has_bounds(long bytesPerSecond, long burstBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ThrottleRate(bytesPerSecond, burstBytes));

    [Fact]
    public void Of_patterns_that_begin_together_the_first_listed_is_replaced()
    {
        using var run = new PipelineRun(Replacing(("abc", "1"), ("ab", "2"), ("b", "3")));
        run.Receive("ab");
        Assert.Equal("", run.ToUpstream);
        run.Receive("cabd b");
        Assert.Equal("12d 3", run.ToUpstream);
    }

    [Fact]
    public void Replaced_bytes_are_not_searched_again()
    {
        using var run = new PipelineRun(Replacing(("a", "aa")));
        run.Receive("aba");
        Assert.Equal("aabaa", run.ToUpstream);
    }

    [Fact]
    public void The_beginning_of_a_pattern_is_let_go_at_the_end()
    {
        using var run = new PipelineRun(Replacing(("secret", "******")));
        run.Receive("the secre");
        Assert.Equal("the ", run.ToUpstream);
        run.End();
        Assert.Equal("the secre", run.ToUpstream);
    }

    [Fact]
    public void Patterns_have_bounds()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Replacing(("", "x")));
        Assert.Throws<ArgumentOutOfRangeException>(() => Replacing((new string('a', FilterLimits.PatternBytes + 1), "x")));
        Assert.Throws<ArgumentOutOfRangeException>(() => Replacing([.. Enumerable.Repeat(("a", "b"), FilterLimits.Patterns + 1)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Set(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => Set(new string('a', FilterLimits.PatternBytes + 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Set([.. Enumerable.Repeat("a", FilterLimits.Patterns + 1)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Set([.. Enumerable.Repeat(new string('a', 256), 17)]));
    }

    [Fact]
    public void Matches_are_counted_for_all_connections_together_and_each_direction_is_searched_for_itself()
    {
        var filter = new MatchFilterFactory(Set("he", "she", "hers"), MatchAction.Count, FilterDirections.Both);
        using var first = new PipelineRun(filter);
        using var second = new PipelineRun(filter);
        first.Receive("us");
        first.Receive("he", FilterDirection.ToClient);
        first.Receive("hers");
        second.Receive("he");
        Assert.Equal((3L, 1L, 1L), (filter.CountOf(0), filter.CountOf(1), filter.CountOf(2)));
    }

    [Fact]
    public void A_match_can_cut()
    {
        using var run = new PipelineRun(new MatchFilterFactory(Set("x", "attack"), MatchAction.Cut, FilterDirections.ToUpstream));
        run.Receive("an att");
        run.Receive("ack!");
        Assert.Equal(("an attac", new FilterCut("match", MatchFilterFactory.CutReason + "1")), (run.ToUpstream, run.Pipeline.Cut));
    }

    [Fact]
    public void Matches_are_counted_under_their_names()
    {
        var filter = new MatchFilterFactory(Set("he", "she"), MatchAction.Cut, FilterDirections.ToUpstream, ["he", "\\x73he"]);
        using var run = new PipelineRun(filter);
        run.Receive("she");
        Assert.Equal([new FilterCount("he", 1), new FilterCount("\\x73he", 1)], filter.Counts());
        Assert.Equal(MatchFilterFactory.CutReason + "\\x73he", run.Pipeline.Cut!.Reason);
    }

    [Fact]
    public void Hex_shows_numbers_and_characters()
    {
        var log = new ListLog();
        using (var run = new PipelineRun(new LogFilterFactory(FilterLogFormat.Hex, FilterDirections.Both, 1000, _ => log)))
        {
            run.Receive("GET / HTTP/1.1\r\nHost");
            run.Receive("\u0000\u00ff", FilterDirection.ToClient);
            run.Receive(":");
        }

        Assert.Equal(
            [
                "> 00000000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|",
                "> 00000010  48 6f 73 74                                      |Host|",
                "< 00000000  00 ff                                            |..|",
                "> 00000014  3a                                               |:|",
            ],
            log.Lines);
        Assert.True(log.IsClosed);
    }

    [Fact]
    public void Text_shows_lines_with_escapes()
    {
        var log = new ListLog();
        using var run = new PipelineRun(new LogFilterFactory(FilterLogFormat.Text, FilterDirections.ToUpstream, 1000, _ => log));
        run.Receive("GET \\\r\n\tA\u001b[1m\u00e9" + new string('z', 130));
        Assert.Equal(
            [@"> 00000000  GET \\\r\n", @"> 00000007  \tA\x1b[1m\xe9" + new string('z', 121), "> 00000087  " + new string('z', 9)],
            log.Lines);
    }

    [Fact]
    public void A_log_says_once_when_it_is_full_and_the_bytes_still_pass()
    {
        var log = new ListLog();
        using var run = new PipelineRun(new LogFilterFactory(FilterLogFormat.Text, FilterDirections.Both, 4, _ => log));
        run.Receive("abc");
        run.Receive("def");
        run.Receive("ghi", FilterDirection.ToClient);
        Assert.Equal(["> 00000000  abc", "> 00000003  d", "No more of this connection is logged."], log.Lines);
        Assert.Equal(("abcdef", "ghi"), (run.ToUpstream, run.ToClient));
    }

    private static ReplaceFilterFactory Replacing(params (string From, string To)[] rules) => new(
        [.. rules.Select(rule => new Replacement(Encoding.Latin1.GetBytes(rule.From), Encoding.Latin1.GetBytes(rule.To)))], FilterDirections.Both);

    private static PatternSet Set(params string[] patterns) =>
        new([.. patterns.Select(pattern => new ReadOnlyMemory<byte>(Encoding.Latin1.GetBytes(pattern)))]);
}
