using System.Net;
using Proxy.Policy.Names;

namespace Proxy.Policy.Tests.Names;

public sealed class NameCacheTests
{
    private const long Second = 1_000_000;

    private static readonly NameCacheSettings Settings = new()
    {
        LeastAge = TimeSpan.FromSeconds(2),
        MostAge = TimeSpan.FromSeconds(100),
        NegativeAge = TimeSpan.FromSeconds(10),
        StaleAge = TimeSpan.FromSeconds(1000),
        Names = 3,
    };

    [Theory]
    [InlineData(0, 2)]
    [InlineData(30, 30)]
    [InlineData(100_000, 100)]
    public void An_answer_is_kept_as_long_as_it_says_within_bounds(int says, int kept)
    {
        var cache = new NameCache(Settings);
        cache.HandleAnswer("a.test", Answer(says, "192.0.2.1"), 0);

        Assert.True(cache.TryGet("a.test", (kept * Second) - 1, out var addresses));
        Assert.Equal([IPAddress.Parse("192.0.2.1")], addresses);
        Assert.False(cache.TryGet("a.test", kept * Second, out _));
        Assert.Equal((1L, 1L), (cache.Hits, cache.Misses));
    }

    [Fact]
    public void That_there_is_no_such_name_is_kept_for_less_and_never_stands_in()
    {
        var cache = new NameCache(Settings);
        cache.HandleAnswer("a.test", Answer(50), 0);

        Assert.True(cache.TryGet("a.test", 9 * Second, out var addresses));
        Assert.Empty(addresses);
        Assert.False(cache.TryGet("a.test", 10 * Second, out _));
        Assert.False(cache.TryStandIn("a.test", 10 * Second, out _));
    }

    [Fact]
    public void While_nobody_answers_the_last_good_answer_is_used_on_for_a_while()
    {
        var cache = new NameCache(Settings);
        cache.HandleAnswer("a.test", Answer(10, "192.0.2.1"), 0);
        Assert.False(cache.TryGet("a.test", 20 * Second, out _));

        Assert.True(cache.TryStandIn("a.test", 20 * Second, out var old));
        Assert.Single(old);

        // For a moment nobody is asked again.
        Assert.True(cache.TryGet("a.test", 21 * Second, out _));
        Assert.False(cache.TryGet("a.test", 22 * Second, out _));
        Assert.True(cache.TryStandIn("a.test", 1009 * Second, out _));
        Assert.False(cache.TryStandIn("a.test", 1010 * Second, out _));
        Assert.Equal((2L, 1L), (cache.Stale, cache.Failures));
    }

    [Fact]
    public void The_names_that_were_used_longest_ago_go_first()
    {
        var cache = new NameCache(Settings);
        foreach (var name in (string[])["a", "b", "c"])
        {
            cache.HandleAnswer(name, Answer(50, "192.0.2.1"), 0);
        }

        cache.TryGet("a", 1, out _);
        cache.HandleAnswer("d", Answer(50, "192.0.2.1"), 1);

        Assert.Equal([true, false, true, true], ((string[])["a", "b", "c", "d"]).Select(name => cache.TryGet(name, 2, out _)));
        Assert.Equal(3, cache.Count);
    }

    private static NameAnswer Answer(int seconds, params string[] addresses) => new([.. addresses.Select(IPAddress.Parse)], TimeSpan.FromSeconds(seconds));
}
