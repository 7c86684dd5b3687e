namespace Proxy.Transport;

/// <summary>How long a listener pauses after failures in a row: 10 ms, doubled up to 1 s. Descriptors come back as connections end.</summary>
internal readonly record struct AcceptPause(long Microseconds)
{
    private const long ShortestMicroseconds = 10_000;
    private const long LongestMicroseconds = 1_000_000;

    public AcceptPause Longer() => new(Math.Clamp(Microseconds * 2, ShortestMicroseconds, LongestMicroseconds));
}
