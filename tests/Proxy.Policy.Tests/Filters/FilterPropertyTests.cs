using System.Text;
using Proxy.Policy.Filters;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Filters;

/// <summary>However a stream is cut, what comes out is what a plain model makes of the whole.</summary>
public sealed class FilterPropertyTests
{
    [Fact]
    public void Replacing_is_that_of_the_whole_stream()
    {
        var replaced = 0;
        Property.Check(3000, random =>
        {
            var rules = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (From: Text(random, random.Next(1, 6)), To: Text(random, random.Next(4)))).ToArray();
            var stream = Text(random, random.Next(200));
            using var run = new PipelineRun(Replacing(rules));
            SendInParts(run, random, stream);
            var expected = ReplaceAll(stream, rules);
            Assert.Equal(expected, run.ToUpstream);
            Assert.True(run.HasEnded(FilterDirection.ToUpstream));
            replaced += expected == stream ? 0 : 1;
        });
        Assert.True(replaced > 0, "Nothing was replaced: the property proves nothing.");
    }

    [Fact]
    public void Counting_is_that_of_the_whole_stream()
    {
        Property.Check(3000, random =>
        {
            var patterns = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Text(random, random.Next(1, 5))).ToArray();
            var stream = Text(random, random.Next(200));
            var matches = new List<FilterMatch>();
            var filter = new MatchFilterFactory(Set(patterns), MatchAction.Count, FilterDirections.Both, onMatch: (_, match) => matches.Add(match));
            using var run = new PipelineRun(filter);
            SendInParts(run, random, stream);
            Assert.Equal(stream, run.ToUpstream);
            Assert.Equal(FindAll(stream, patterns), matches.Select(match => (match.EndBytes, match.Pattern)).Order());
            Assert.Equal(matches.Count, Enumerable.Range(0, patterns.Length).Sum(filter.CountOf));
        });
    }

    [Fact]
    public void A_match_cuts_at_the_same_byte()
    {
        Property.Check(1000, random =>
        {
            var patterns = new[] { Text(random, 3), Text(random, 4) };
            var stream = Text(random, random.Next(200));
            using var run = new PipelineRun(new MatchFilterFactory(Set(patterns), MatchAction.Cut, FilterDirections.Both));
            SendInParts(run, random, stream);
            var found = FindAll(stream, patterns);
            Assert.Equal(found.Length == 0 ? stream : stream[..((int)found[0].End - 1)], run.ToUpstream);
            Assert.Equal(found.Length > 0, run.Pipeline.Cut is not null);
        });
    }

    [Fact]
    public void A_number_of_bytes_cuts_at_the_same_byte()
    {
        Property.Check(500, random =>
        {
            var limit = random.Next(100);
            var stream = Text(random, random.Next(200));
            using var run = new PipelineRun(new CutFilterFactory(limit, maxMicroseconds: null));
            SendInParts(run, random, stream);
            Assert.Equal(stream[..Math.Min(limit, stream.Length)], run.ToUpstream);
            Assert.Equal(stream.Length > limit, run.Pipeline.Cut is not null);
        });
    }

    [Fact]
    public void A_throttle_passes_everything_never_faster_than_its_rate_and_hardly_slower()
    {
        Property.Check(300, random =>
        {
            var rate = new ThrottleRate(random.Next(1, 1_000_000), random.Next(1, 5000));
            var stream = Text(random, random.Next(1, 20_000));
            using var run = new PipelineRun(new ThrottleFilterFactory(rate, toClient: null));
            var start = run.Now;
            for (var sent = 0; sent < stream.Length;)
            {
                var part = Math.Min(random.Next(1, 3000), stream.Length - sent);
                run.Receive(stream.Substring(sent, part));
                sent += part;
                CheckRate(run, rate, start);
                while (run.Pipeline.IsBlocked(FilterDirection.ToUpstream))
                {
                    run.Advance(run.Pipeline.NextDueMicroseconds!.Value - run.Now);
                    CheckRate(run, rate, start);
                }
            }

            run.End();
            Assert.Equal(stream, run.ToUpstream);
            Assert.True(run.HasEnded(FilterDirection.ToUpstream));

            // Bytes were always there, so time was only lost to rounding and to the shortest wait, within which a full bucket spills.
            var needed = (stream.Length - rate.BurstBytes) * 1_000_000L / rate.BytesPerSecond;
            var turns = 3 * stream.Length / Math.Max(1, Math.Min(rate.BurstBytes / 2, 1500));
            Assert.InRange(run.Now - start, Math.Max(0, needed - 1), Math.Max(0, needed) + ((turns + 10) * 1002L));
        });
    }

    [Fact]
    public void A_log_holds_every_byte_once()
    {
        Property.Check(300, random =>
        {
            var bytes = new byte[random.Next(500)];
            random.NextBytes(bytes);
            var stream = Encoding.Latin1.GetString(bytes);
            foreach (var format in new[] { FilterLogFormat.Hex, FilterLogFormat.Text })
            {
                var log = new ListLog();
                using var run = new PipelineRun(new LogFilterFactory(format, FilterDirections.Both, 10_000, _ => log));
                SendInParts(run, random, stream);
                Assert.Equal(stream, run.ToUpstream);
                Assert.Equal(stream, log.Read(format));
                Assert.DoesNotContain(log.Lines, line => line.Any(character => character is < ' ' or > '~'));
            }
        });
    }

    [Fact]
    public void A_chain_of_filters_does_what_its_models_do_one_after_the_other()
    {
        Property.Check(1000, random =>
        {
            var first = new[] { (Text(random, random.Next(1, 4)), Text(random, random.Next(5))) };
            var second = new[] { (Text(random, random.Next(1, 4)), Text(random, random.Next(5))) };
            var stream = Text(random, random.Next(300));
            using var run = new PipelineRun(
                Replacing(first), new ThrottleFilterFactory(new ThrottleRate(1000, 1 + random.Next(50)), new ThrottleRate(500, 9)), Replacing(second));
            SendInParts(run, random, stream);
            SendInParts(run, random, stream, FilterDirection.ToClient);
            run.RunUntil(() => run.HasEnded(FilterDirection.ToUpstream) && run.HasEnded(FilterDirection.ToClient));
            Assert.Equal(ReplaceAll(ReplaceAll(stream, first), second), run.ToUpstream);
            Assert.Equal(ReplaceAll(ReplaceAll(stream, second), first), run.ToClient);
            Assert.Equal((0, null), (run.BuffersOut, run.Pipeline.Cut));
        });
    }

    private static void CheckRate(PipelineRun run, ThrottleRate rate, long start) =>
        Assert.InRange((UInt128)run.ToUpstream.Length, 0u, (UInt128)(rate.BurstBytes + ((run.Now - start) * rate.BytesPerSecond / 1_000_000)));

    private static void SendInParts(PipelineRun run, Random random, string stream, FilterDirection direction = FilterDirection.ToUpstream)
    {
        var most = random.Next(1, 40);
        for (var sent = 0; sent < stream.Length;)
        {
            var part = Math.Min(random.Next(1, most + 1), stream.Length - sent);
            run.Receive(stream.Substring(sent, part), direction);
            sent += part;
        }

        run.End(direction);
    }

    private static ReplaceFilterFactory Replacing((string From, string To)[] rules) => new(
        [.. rules.Select(rule => new Replacement(Encoding.Latin1.GetBytes(rule.From), Encoding.Latin1.GetBytes(rule.To)))], FilterDirections.Both);

    private static PatternSet Set(string[] patterns) => new([.. patterns.Select(pattern => new ReadOnlyMemory<byte>(Encoding.Latin1.GetBytes(pattern)))]);

    private static string ReplaceAll(string stream, (string From, string To)[] rules)
    {
        var result = new StringBuilder();
        for (var index = 0; index < stream.Length;)
        {
            var rule = rules.FirstOrDefault(rule => string.CompareOrdinal(stream, index, rule.From, 0, rule.From.Length) == 0);
            result.Append(rule.From is null ? stream[index] : rule.To);
            index += rule.From?.Length ?? 1;
        }

        return result.ToString();
    }

    private static (long End, int Pattern)[] FindAll(string stream, string[] patterns) =>
    [
        .. Enumerable.Range(0, patterns.Length)
            .SelectMany(pattern => Enumerable.Range(0, stream.Length)
                .Where(index => string.CompareOrdinal(stream, index, patterns[pattern], 0, patterns[pattern].Length) == 0)
                .Select(index => ((long)index + patterns[pattern].Length, pattern)))
            .Order(),
    ];

    /// <summary>Of two letters mostly, so that beginnings of patterns are everywhere.</summary>
    private static string Text(Random random, int length) => new(random.GetItems("aaaaabbbbbc".AsSpan(), length));
}
