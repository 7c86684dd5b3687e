namespace Proxy.Actors;

/// <summary>How long a client waits before it tries again to make a tunnel: doubled with each failure, up to a bound, give or take a quarter.</summary>
internal static class RetryWaits
{
    /// <summary>While connections wait for the tunnel.</summary>
    /// <param name="failures">In a row; at least one.</param>
    public static TimeSpan Urgent(int failures, Random random) => Jittered(FirstUrgent, LongestUrgent, failures, random);

    /// <summary>While another tunnel serves, and nobody waits for this one.</summary>
    /// <param name="failures">In a row; at least one.</param>
    public static TimeSpan Leisurely(int failures, Random random) => Jittered(FirstLeisurely, LongestLeisurely, failures, random);

    private static TimeSpan Jittered(TimeSpan first, TimeSpan longest, int failures, Random random)
    {
        var wait = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, MostDoublings)), longest.TotalSeconds);
        return TimeSpan.FromSeconds(wait * (1 - Jitter + (2 * Jitter * random.NextDouble())));
    }

    // A server that is back serves within a second; a try a second costs it one small datagram per client.
    private static readonly TimeSpan FirstUrgent = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestUrgent = TimeSpan.FromMilliseconds(700);

    private static readonly TimeSpan FirstLeisurely = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLeisurely = TimeSpan.FromSeconds(16);
    private const double Jitter = 0.25;
    private const int MostDoublings = 16;
}
