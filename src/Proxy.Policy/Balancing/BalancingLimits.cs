namespace Proxy.Policy.Balancing;

/// <summary>The bounds of an upstream group, each with its reason.</summary>
public static class BalancingLimits
{
    /// <summary>The heaviest server; HAProxy's bound, so that its files carry over and sums of weights stay far from overflow.</summary>
    public const int MaximumWeight = 256;

    /// <summary>
    /// Servers of one group. A pick looks at each of them once: 4 to 7 µs at this size, 33 µs for the source policy, which a connection can
    /// bear.
    /// </summary>
    public const int MaximumServers = 1024;

    /// <summary>Addresses taken from one answer for a name, which strangers write.</summary>
    public const int MaximumAddressesPerName = 256;

    /// <summary>Events kept for an owner that does not take them; the oldest go first.</summary>
    public const int MaximumEvents = 4 * MaximumServers;
}
