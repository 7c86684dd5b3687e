namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>How much a test does: the short form in every run, the full form of the promise where PROXY_LONG=1 (`./test.sh --long`).</summary>
internal static class Scale
{
    /// <summary>Whether the full forms were asked for.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("PROXY_LONG") == "1";

    public static T Pick<T>(T inEveryRun, T inLongRuns) => IsLong ? inLongRuns : inEveryRun;

    public static TimeSpan Seconds(int inEveryRun, int inLongRuns) => TimeSpan.FromSeconds(Pick(inEveryRun, inLongRuns));
}
