using Proxy.Transport.Epoll;

namespace Proxy.Transport;

/// <summary>How many descriptors this process may have open at a time, and what it carries with them.</summary>
public readonly record struct DescriptorLimit(int Descriptors)
{
    /// <summary>
    /// What is left to everything but relayed connections and the sockets that are open all the time: the runtime, which keeps two for each
    /// assembly (170 in a node that has nothing to do), and then loops, logs, the admin address and who asks there, health checks, names.
    /// </summary>
    public const int ReservedDescriptors = 256;

    private const int DescriptorsPerConnection = 2;
    private const int DescriptorsPerPipe = 2;

    /// <summary>
    /// Raises the process' own limit to the most that it may have, and gives what it is then. Null where there is no such limit, or it is
    /// unknown how to ask for it: not Linux.
    /// </summary>
    public static DescriptorLimit? Raise() => OperatingSystem.IsLinux() ? DescriptorLimits.Raise() : null;

    /// <summary>
    /// How many relayed connections, each with a socket on either side, can be open at a time beside <paramref name="splicedFlows"/> pipes
    /// (<see cref="LoopSettings.SplicedFlows"/>) and <paramref name="otherSockets"/>, those that are open all the time: listeners, UDP
    /// endpoints. One at the least: who has so few descriptors is told by the failures, and not by a node that refuses everybody.
    /// </summary>
    public int RelayedConnections(int splicedFlows, int otherSockets)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(splicedFlows);
        ArgumentOutOfRangeException.ThrowIfNegative(otherSockets);
        var left = Descriptors - (long)ReservedDescriptors - ((long)splicedFlows * DescriptorsPerPipe) - otherSockets;
        return (int)Math.Max(1, left / DescriptorsPerConnection);
    }
}
