using Proxy.Policy.Limits;

namespace Proxy.Node.Settings;

/// <summary>How many connections a frontend takes, of whom, how fast, and who waits.</summary>
internal static class LimitsReader
{
    // More a second, or more that wait, is a slip of the pen.
    private const int MaximumRate = 1_000_000;
    private const int MaximumQueued = 1_000_000;

    public static AdmissionSettings Read(SettingsObject limits, AdmissionSettings missing)
    {
        if (!limits.IsThere)
        {
            return missing;
        }

        var prefix = limits.Inside("per-prefix");
        var queue = limits.Inside("queue");
        return missing with
        {
            MaximumConnections = limits.Limit("connections", missing.MaximumConnections),
            MaximumConnectionsPerSource = limits.Limit("per-ip", missing.MaximumConnectionsPerSource),
            MaximumConnectionsPerPrefix = prefix.Limit("connections", missing.MaximumConnectionsPerPrefix),
            IPv4PrefixLength = prefix.Whole("v4", missing.IPv4PrefixLength, 1, 32),
            IPv6PrefixLength = prefix.Whole("v6", missing.IPv6PrefixLength, 1, 128),
            AcceptsPerSecond = limits.Find("accepts")?.Frequency(MaximumRate) ?? missing.AcceptsPerSecond,
            AcceptBurst = limits.Whole("burst", (int)missing.AcceptBurst, 0, MaximumRate),
            MaximumQueued = queue.Whole("connections", missing.MaximumQueued, 0, MaximumQueued),
            QueueDeadlineMicroseconds = (long)queue.Wait("timeout", TimeSpan.FromMicroseconds(missing.QueueDeadlineMicroseconds)).TotalMicroseconds,
        };
    }
}
