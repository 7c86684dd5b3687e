using System.Diagnostics;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>
/// How late this machine runs who wants to run. A promise in seconds is one about the program, on a machine that runs it; where others have the cores, what
/// was waited for them is taken off. On a quiet machine that is next to nothing.
/// </summary>
internal sealed class Lateness : IDisposable
{
    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(5);

    // A nap is always a little longer than it was asked for.
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(1);

    private readonly Thread _thread;
    private long _ticks;
    private long _longestTicks;
    private volatile bool _isOver;

    public Lateness()
    {
        _thread = new Thread(Watch) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The sum since the beginning.</summary>
    public TimeSpan Total => TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longestTicks));

    /// <summary>Fails the test when <paramref name="took"/>, without what was waited for a core, is more than <paramref name="promise"/>.</summary>
    public void AssertWithin(TimeSpan promise, TimeSpan took, string what)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {took.TotalSeconds:F2} s (the machine was late by {Total.TotalSeconds:F2} s in all)");
        Assert.True(took - Total <= promise, $"{what}: {took.TotalSeconds:F2} s, and {promise.TotalSeconds:F2} s are promised; the machine was late by {Total.TotalSeconds:F2} s");
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }

    private void Watch()
    {
        while (!_isOver)
        {
            var begin = Stopwatch.GetTimestamp();
            Thread.Sleep(Nap);
            var late = Stopwatch.GetElapsedTime(begin) - Nap - Usual;
            if (late > TimeSpan.Zero)
            {
                Interlocked.Add(ref _ticks, late.Ticks);
                Interlocked.Exchange(ref _longestTicks, Math.Max(_longestTicks, late.Ticks));
            }
        }
    }
}
