using System.Net;
using Proxy.Node.Names;

namespace Proxy.Node.Hosting;

/// <summary>How the process around a node behaves.</summary>
internal sealed record HostSettings
{
    public required IPEndPoint Admin { get; init; }

    /// <summary>Whether the admin address was asked for, so that no other will do.</summary>
    public required bool IsAdminAsked { get; init; }

    /// <summary>How long connections may finish after the first signal.</summary>
    public required TimeSpan Drain { get; init; }

    public required Kernel.Event.LogLevel LogLevel { get; init; }

    public required bool IsLogJson { get; init; }

    /// <summary>Where a newer process of this program asks for the listening sockets, to take this one's place; null: none can.</summary>
    public string? HandOver { get; init; }

    /// <summary>Who is asked about names.</summary>
    public NameSettings Names { get; init; } = NameSettings.Default;

    /// <summary>What the log says at start about how the node was set up.</summary>
    public IReadOnlyList<string> StartLines { get; init; } = [];

    /// <summary>Null: the node is on its own.</summary>
    public ClusterHostSettings? Cluster { get; init; }

    /// <summary>Null: there is no access log.</summary>
    public AccessLogFile? AccessLog { get; init; }
}
