namespace Proxy.Seed;

/// <summary>What the program's end says to a script; the same as those of <c>tcpproxy</c>.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Configuration = 78;
}

/// <summary>The seed must not or cannot run as it is asked to; the message says what to do instead.</summary>
internal sealed class SeedException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
