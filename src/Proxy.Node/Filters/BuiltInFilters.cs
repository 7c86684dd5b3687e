using Proxy.Node.Commands;
using Proxy.Policy.Filters;

namespace Proxy.Node.Filters;

/// <summary>Factories of the filters that the program has itself, from their text on the command line.</summary>
internal static class BuiltInFilters
{
    public static IStreamFilterFactory Log(FilterSpec spec)
    {
        var format = spec.Value.Text switch
        {
            "hex" => FilterLogFormat.Hex,
            "text" => FilterLogFormat.Text,
            _ => throw spec.Wrong("log=hex or log=text is expected"),
        };
        var directory = spec.Require("dir").Text;
        var maximum = spec.Take("max") is { } size ? Size(spec, size) : DefaultLogBytes;
        var directions = Directions(spec);
        spec.RequireNothingLeft();
        return SessionLogs.WhyNot(directory) is { } why
            ? throw spec.Refusal(why)
            : new LogFilterFactory(format, directions, maximum, connection => SessionLogs.Instance.Open(directory, connection));
    }

    public static IStreamFilterFactory Match(FilterSpec spec)
    {
        var directions = Directions(spec);
        var action = spec.Take("action")?.Text switch
        {
            null or "count" => MatchAction.Count,
            "cut" => MatchAction.Cut,
            var other => throw spec.Wrong($"action=count or action=cut is expected, not '{other}'"),
        };
        FilterValue[] patterns = [spec.Value, .. spec.TakeRest()];
        RequirePatterns(spec, patterns);
        if (patterns.Sum(pattern => pattern.Bytes.Length) > FilterLimits.AllPatternsBytes)
        {
            throw spec.Wrong($"all patterns together have at most {FilterLimits.AllPatternsBytes} bytes");
        }

        string[] names = [.. patterns.Select(pattern => pattern.Raw)];
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length)
        {
            throw spec.Wrong("a pattern stands there twice");
        }

        var set = new PatternSet([.. patterns.Select(pattern => new ReadOnlyMemory<byte>(pattern.Bytes))]);
        return new MatchFilterFactory(set, action, directions, names);
    }

    public static IStreamFilterFactory Replace(FilterSpec spec)
    {
        var replacement = new Replacement(spec.Value.Bytes, spec.Require("with").Bytes);
        var directions = Directions(spec);
        spec.RequireNothingLeft();
        RequirePatterns(spec, [spec.Value]);
        return new ReplaceFilterFactory([replacement], directions);
    }

    public static IStreamFilterFactory Throttle(FilterSpec spec)
    {
        var bytesPerSecond = RateText.Rate(spec.Value.Text, Option(spec));
        var burst = spec.Take("burst") is { } size ? Size(spec, size) : Policy.Limits.Bandwidth.Of(bytesPerSecond).BurstBytes;
        var directions = Directions(spec);
        spec.RequireNothingLeft();
        if (burst > ThrottleRate.MaxBytes)
        {
            throw spec.Wrong($"a burst is at most {ThrottleRate.MaxBytes} bytes");
        }

        var rate = new ThrottleRate(bytesPerSecond, burst);
        return new ThrottleFilterFactory(
            directions == FilterDirections.ToClient ? null : rate, directions == FilterDirections.ToUpstream ? null : rate);
    }

    public static IStreamFilterFactory Cut(FilterSpec spec)
    {
        long? bytes = null;
        long? microseconds = null;
        FilterValue[] bounds = [spec.Value, .. spec.TakeRest()];
        foreach (var bound in bounds)
        {
            if (RateText.TrySize(bound.Text, out var size))
            {
                bytes = Math.Min(bytes ?? size, size);
            }
            else
            {
                var time = Time(spec, bound.Text);
                microseconds = Math.Min(microseconds ?? time, time);
            }
        }

        return new CutFilterFactory(bytes, microseconds);
    }

    private static FilterDirections Directions(FilterSpec spec) => spec.Take("direction")?.Text switch
    {
        null or "both" => FilterDirections.Both,
        "up" => FilterDirections.ToUpstream,
        "down" => FilterDirections.ToClient,
        var other => throw spec.Wrong($"direction=up, direction=down or direction=both is expected, not '{other}'"),
    };

    private static void RequirePatterns(FilterSpec spec, FilterValue[] patterns)
    {
        if (patterns.Length > FilterLimits.Patterns)
        {
            throw spec.Wrong($"there are at most {FilterLimits.Patterns} patterns in a filter");
        }

        if (Array.Exists(patterns, pattern => pattern.Bytes.Length is 0 or > FilterLimits.PatternBytes))
        {
            throw spec.Wrong($"a pattern has 1 to {FilterLimits.PatternBytes} bytes");
        }
    }

    private static long Time(FilterSpec spec, string text)
    {
        try
        {
            var time = Values.Duration(text, Option(spec));
            if (time > TimeSpan.Zero)
            {
                return (long)time.TotalMicroseconds;
            }
        }
        catch (UsageException)
        {
            // Said below, with the sizes that would do as well.
        }

        throw spec.Wrong($"'{text}' is neither a size, such as 1000 or 10MiB, nor a time above 0, such as 500ms, 30s, 5m or 1h");
    }

    private static long Size(FilterSpec spec, FilterValue value) => RateText.Size(value.Text, Option(spec));


    private static string Option(FilterSpec spec) => $"--filter '{spec.Text}'";

    // Of one connection; a log that nobody bounded must not fill a disk because of one download.
    private const long DefaultLogBytes = 16L * 1024 * 1024;
}
