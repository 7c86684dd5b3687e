using System.Diagnostics;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>Waiting for a condition, with a bound; the only place where these tests pass time.</summary>
internal static class Wait
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether <paramref name="condition"/> came true within <paramref name="bound"/>.</summary>
    public static async Task<bool> ForAsync(Func<bool> condition, TimeSpan bound)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > bound)
            {
                return false;
            }

            await Task.Delay(Poll);
        }

        return true;
    }

    /// <summary>Returns when <paramref name="condition"/> is true; fails the test with what <paramref name="state"/> says when it is not within the bound.</summary>
    public static async Task UntilAsync(Func<bool> condition, TimeSpan bound, Func<string> state)
    {
        if (!await ForAsync(condition, bound))
        {
            Assert.Fail($"Not within {bound.TotalSeconds} s: {state()}");
        }
    }

    /// <summary>As <see cref="UntilAsync(Func{bool}, TimeSpan, Func{string})"/>, for conditions that must be asked for.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan bound, Func<string> state)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > bound)
            {
                Assert.Fail($"Not within {bound.TotalSeconds} s: {state()}");
            }

            await Task.Delay(Poll);
        }
    }

    /// <summary>A pause that is part of the load (an application that thinks, a reader that stops), not a wait for something.</summary>
    public static Task PauseOfLoadAsync(TimeSpan duration) => Task.Delay(duration);
}
