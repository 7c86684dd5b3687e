namespace Proxy.Cluster.Tests.Harness;

/// <summary>Waiting for real engines, with a bound; the only place where these tests pass real time.</summary>
internal static class RealTime
{
    /// <summary>Long enough for a loaded machine; a passing test never waits for it.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

#pragma warning disable RS0030 // Real processes have real time.
    public static TimeProvider Clock => TimeProvider.System;
#pragma warning restore RS0030

    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> state)
    {
        var start = Clock.GetTimestamp();
        while (!await condition())
        {
            if (Clock.GetElapsedTime(start) > Bound)
            {
                Assert.Fail($"Not within {Bound.TotalSeconds} s: {state()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), Clock);
        }
    }

    /// <summary>The task's result, within the bound.</summary>
    public static Task<T> BoundedAsync<T>(Task<T> task) => task.WaitAsync(Bound, Clock);
}
