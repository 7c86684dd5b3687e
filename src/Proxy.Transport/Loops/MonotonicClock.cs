using System.Diagnostics;

namespace Proxy.Transport;

/// <summary>The clock behind <see cref="IIoLoop.NowMicroseconds"/>: the same for all loops of a process, so that their moments compare.</summary>
internal static class MonotonicClock
{
    // 1 GHz on Linux and macOS, 10 MHz on Windows: both are whole multiples of a microsecond.
    private static readonly long TicksPerMicrosecond = Math.Max(1, Stopwatch.Frequency / 1_000_000);

    /// <summary>Rounded down, so that a deadline compared with it never fires early.</summary>
    public static long NowMicroseconds() => Stopwatch.GetTimestamp() / TicksPerMicrosecond;
}
