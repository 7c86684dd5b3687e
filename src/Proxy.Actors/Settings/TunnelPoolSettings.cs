using Proxy.Transport.Tls;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>Tunnels to proxy servers, kept up all the time; each new stream goes to the less loaded of two.</summary>
public sealed record TunnelPoolSettings
{
    public string Name { get; init; } = "tunnels";

    /// <summary>At least one, or they are the engine's; tunnels are kept to each.</summary>
    public required IReadOnlyList<TunnelServer> Servers { get; init; }

    /// <summary>Null: there are no others than those that are named.</summary>
    public ClusterPoolSettings? Cluster { get; init; }

    public TunnelBalance Balance { get; init; }

    /// <summary>Tunnels to each server.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>After so long another tunnel takes a tunnel's place, with fresh keys, and the old one ends with its last stream; zero: never.</summary>
    public TimeSpan RenewAfter { get; init; }

    /// <summary>For tunnels over TLS: how servers are verified.</summary>
    public UpstreamTlsSettings Tls { get; init; } = new() { Client = new TlsClientSettings { IsResuming = false } };

    /// <summary>For the dialect of vproxy.</summary>
    public TunnelSettings Tunnel { get; init; } = TunnelSettings.Default;

    /// <summary>The sealed dialect; null: that of vproxy is spoken.</summary>
    public NativeClientSettings? Native { get; init; }

    /// <summary>Connections that may wait while no tunnel is up; more are refused.</summary>
    public int MaximumWaiting { get; init; } = 10_000;
}
