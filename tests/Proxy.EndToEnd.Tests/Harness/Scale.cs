namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>How much a test does: the short form in every run, the full form of the promise where PROXY_LONG=1 (`./test.sh --long`).</summary>
internal static class Scale
{
    /// <summary>Whether the full forms were asked for.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("PROXY_LONG") == "1";

    public static T Pick<T>(T inEveryRun, T inLongRuns) => IsLong ? inLongRuns : inEveryRun;

    /// <summary>Over TCP and TLS, whose streams, pumps and ends are those of the native dialect over UDP, every run does less of the same.</summary>
    public static T Pick<T>(Dialect dialect, T inEveryRun, T overTcp, T inLongRuns) =>
        Pick(dialect is Dialect.NativeTcp or Dialect.NativeTls ? overTcp : inEveryRun, inLongRuns);

    public static TimeSpan Seconds(int inEveryRun, int inLongRuns) => TimeSpan.FromSeconds(Pick(inEveryRun, inLongRuns));
}
