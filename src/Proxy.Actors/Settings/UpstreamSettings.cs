using System.Net;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Transport.Dials;

namespace Proxy.Actors;

/// <summary>Real servers that share the connections of one or more frontends.</summary>
public sealed record UpstreamSettings
{
    public required string Name { get; init; }

    /// <summary>Every address of a name is a server of its own.</summary>
    public required IReadOnlyList<ServerEntry> Targets { get; init; }

    /// <summary>One of <see cref="BalancePolicies.Names"/>.</summary>
    public string Balance { get; init; } = BalancePolicies.RoundRobin;

    /// <summary>When a server whose connections fail is taken out of service; null: never.</summary>
    public EjectionSettings? Ejection { get; init; } = EjectionSettings.Default;

    /// <summary>How the servers are asked whether they are well; null: they are not.</summary>
    public HealthCheckSettings? Check { get; init; }

    /// <summary>Whether the connections of a server end when its checks find it down; else they go on as long as they can.</summary>
    public bool EndsSessionsOnDown { get; init; }

    /// <summary>How long the share of a server that came up takes to grow to its whole; zero: it has it at once.</summary>
    public TimeSpan SlowStart { get; init; }

    /// <summary>Who may wait while all servers are full.</summary>
    public ConnectionQueueSettings Queue { get; init; } = ConnectionQueueSettings.Default;

    /// <summary>Which of this machine's addresses connections to the servers, and their checks, go out from.</summary>
    public SourceAddresses Sources { get; init; } = SourceAddresses.Any;

    /// <summary>TLS with the servers; null: bytes are passed on as they are.</summary>
    public UpstreamTlsSettings? Tls { get; init; }

    /// <summary>The targets as they were given, for status and log.</summary>
    public string TargetText => string.Join(',', Targets.Select(TextOf));

    internal static string TextOf(ServerEntry target) => target.Name is { } name ? $"{name}:{target.Port}" : $"{target.EndPoint}";
}

/// <summary>Active checks: what is asked, and when.</summary>
public sealed record HealthCheckSettings(CheckKind Kind, CheckSettings Times);
