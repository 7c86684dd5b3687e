using Proxy.Actors;
using Proxy.Node.Hosting;

namespace Proxy.Node.Reloading;

/// <summary>The parts of the process that a reload reaches beside the node.</summary>
internal sealed record ReloadTargets
{
    public required AccessLogWriters AccessLogs { get; init; }

    public required Action<Kernel.Event.LogLevel> SetLogLevel { get; init; }

    public required Func<DateTimeOffset> Now { get; init; }

    /// <summary>What the descriptors of this process carry, where nobody asked for a maximum.</summary>
    public required int? Capacity { get; init; }

    /// <summary>What the node takes from the process: how long it may drain, and how many connections are carried.</summary>
    public NodeSettings Complete(NodeSettings settings, HostSettings host) =>
        settings with { Drain = host.Drain, MaximumConnections = settings.MaximumConnections ?? Capacity };

    public bool IsSameAccessLog(AccessLogFile? left, AccessLogFile? right) => left is null || right is null
        ? ReferenceEquals(left, right)
        : left with { Format = right.Format } == right && left.Format.GetType() == right.Format.GetType();
}
