using Proxy.Transport;
using static Proxy.Actors.ChangeEffect;

namespace Proxy.Actors;

/// <summary>
/// All settings of what a node consists of, and when a change of each is felt. A setting that is not here could be changed without anybody
/// noticing; a test holds that there is none. Names and addresses are not here: by them it is known what belongs together.
/// </summary>
internal static class Aspects
{
    public static IReadOnlyList<Aspect<FrontendSettings>> OfFrontend { get; } =
    [
        new("target", NewConnections, (old, changed) => !SameSettings.Carriers(old, changed) || SameSettings.Targets(old.To, changed.To), static (_, _) => ""),
        new("tunnel or chain for datagrams", Restart, SameSettings.Carriers, static (_, _) => ""),
        Aspect<FrontendSettings>.Of("proxy", NewConnections, frontend => frontend.Proxy, (old, changed) => old == changed),
        Aspect<FrontendSettings>.Of("mode of its socket", Restart, frontend => (frontend.Listen as UnixEndPoint)?.Mode),
        Aspect<FrontendSettings>.Of("timeouts", NewConnections, frontend => frontend.Timeouts),
        Aspect<FrontendSettings>.Of("limits", AtOnce, frontend => frontend.Limits),
        Aspect<FrontendSettings>.Of("cluster-connections", Restart, frontend => frontend.ClusterConnections),
        Aspect<FrontendSettings>.Of("cluster-accepts", Restart, frontend => frontend.ClusterAcceptsPerSecond),
        Aspect<FrontendSettings>.Of("cluster-per-ip", Restart, frontend => frontend.ClusterConnectionsPerSource),
        Aspect<FrontendSettings>.Of("rules", NewConnections, frontend => frontend.Rules, (old, changed) => old.Equals(changed)),
        Aspect<FrontendSettings>.Of("proxy-protocol", NewConnections, frontend => frontend.ProxyProtocol),
        new("filters", NewConnections, SameSettings.Filters, static (_, _) => ""),
        Aspect<FrontendSettings>.Of("bandwidth", NewConnections, frontend => frontend.Bandwidth),
        Aspect<FrontendSettings>.Of("tls", NewConnections, frontend => frontend.Tls, SameSettings.Terminations),
        Aspect<FrontendSettings>.Of("retries", NewConnections, frontend => frontend.MaximumRetries),
    ];

    /// <summary>All but the servers themselves.</summary>
    public static IReadOnlyList<Aspect<UpstreamSettings>> OfUpstream { get; } =
    [
        Aspect<UpstreamSettings>.Of("balance", AtOnce, upstream => upstream.Balance),
        Aspect<UpstreamSettings>.Of("eject", AtOnce, upstream => upstream.Ejection),
        Aspect<UpstreamSettings>.Of("health", AtOnce, upstream => upstream.Check),
        Aspect<UpstreamSettings>.Of("end-sessions-on-down", NewConnections, upstream => upstream.EndsSessionsOnDown),
        Aspect<UpstreamSettings>.Of("slow-start", AtOnce, upstream => upstream.SlowStart),
        Aspect<UpstreamSettings>.Of("queue", NewConnections, upstream => upstream.Queue),
        Aspect<UpstreamSettings>.Of("source", NewConnections, upstream => upstream.Sources),
        Aspect<UpstreamSettings>.Of("tls", NewConnections, upstream => upstream.Tls, SameSettings.UpstreamTls),
    ];

    public static IReadOnlyList<Aspect<TunnelPoolSettings>> OfTunnel { get; } =
    [
        new("servers", NewConnections, (old, changed) => SameSettings.Servers(old.Servers, changed.Servers), (old, changed) =>
            $"{string.Join(", ", old.Servers)} → {string.Join(", ", changed.Servers)}"),
        Aspect<TunnelPoolSettings>.Of("cluster", NewConnections, tunnel => tunnel.Cluster),
        Aspect<TunnelPoolSettings>.Of("balance", NewConnections, tunnel => tunnel.Balance),
        Aspect<TunnelPoolSettings>.Of("connections", NewConnections, tunnel => tunnel.Connections),
        Aspect<TunnelPoolSettings>.Of("renew-after", NewConnections, tunnel => tunnel.RenewAfter),
        Aspect<TunnelPoolSettings>.Of("tls", NewConnections, tunnel => tunnel.Tls, SameSettings.UpstreamTls),
        Aspect<TunnelPoolSettings>.Of("kcp", NewConnections, tunnel => tunnel.Tunnel),
        Aspect<TunnelPoolSettings>.Of("key, dialect or terms", NewConnections, tunnel => tunnel.Native, SameSettings.Clients),
        Aspect<TunnelPoolSettings>.Of("maximum-waiting", NewConnections, tunnel => tunnel.MaximumWaiting),
    ];

    public static IReadOnlyList<Aspect<ChainSetSettings>> OfChainSet { get; } =
    [
        new("paths", NewConnections, (old, changed) => SameSettings.Chains(old.Chains, changed.Chains), static (_, _) => ""),
        Aspect<ChainSetSettings>.Of("choice", AtOnce, set => set.Choice),
    ];

    /// <summary>All but the addresses.</summary>
    public static IReadOnlyList<Aspect<ServerSettings>> OfServer { get; } =
    [
        Aspect<ServerSettings>.Of("tls", NewConnections, server => server.Tls, SameSettings.Terminations),
        Aspect<ServerSettings>.Of("chains", NewConnections, server => server.Chains, SameSettings.ChainServers),
        Aspect<ServerSettings>.Of("chain", NewConnections, server => server.Chain),
        Aspect<ServerSettings>.Of("legs", NewConnections, server => server.Legs, (old, changed) => old.SequenceEqual(changed)),
        Aspect<ServerSettings>.Of("destinations", NewConnections, server => server.Destinations, (old, changed) => old.Equals(changed)),
        Aspect<ServerSettings>.Of("target", NewConnections, server => server.FixedTarget),
        Aspect<ServerSettings>.Of("kcp", NewConnections, server => server.Tunnel),
        Aspect<ServerSettings>.Of("dialect", Restart, server => server.Native is null ? "vproxy" : "native"),
        new("keys", NewConnections, (old, changed) => ReadNative(old, changed, SameKeys), static (_, _) => ""),
        new("server key", NewConnections, (old, changed) => ReadNative(old, changed, (one, other) => SameSettings.Secrets(one.ServerKey, other.ServerKey)), static (_, _) => ""),
        new("reset secret", Restart, (old, changed) => ReadNative(old, changed, (one, other) => SameSettings.Secrets(one.ResetSecret, other.ResetSecret)), static (_, _) => ""),
        new("terms", NewConnections, (old, changed) => ReadNative(old, changed, (one, other) => one.Tunnel == other.Tunnel && one.Session == other.Session), (old, changed) =>
            MemberText.Difference(old.Native!.Tunnel, changed.Native!.Tunnel)),
        Aspect<ServerSettings>.Of("proxy-protocol-out", NewConnections, server => server.ProxyProtocolOut),
        Aspect<ServerSettings>.Of("source", NewConnections, server => server.Sources),
        Aspect<ServerSettings>.Of("timeouts", NewConnections, server => server.Timeouts),
        Aspect<ServerSettings>.Of("maximum-tunnels", NewConnections, server => server.MaximumTunnels),
        Aspect<ServerSettings>.Of("principals", NewConnections, server => server.Principals, SameSettings.Principals),
    ];

    /// <summary>All but what has a name of its own.</summary>
    public static IReadOnlyList<Aspect<NodeSettings>> OfNode { get; } =
    [
        Aspect<NodeSettings>.Of("name", Restart, node => node.Name),
        Aspect<NodeSettings>.Of("maximum-connections", AtOnce, node => node.MaximumConnections),
        Aspect<NodeSettings>.Of("drain", AtOnce, node => node.Drain),
        Aspect<NodeSettings>.Of("access-log", NewConnections, node => node.AccessLog, (old, changed) => old == changed),
    ];

    private static bool SameKeys(NativeServerSettings old, NativeServerSettings changed) => SameSettings.Keys(old.Keys, changed.Keys);

    // Of two dialects only one has these: that is told once.
    private static bool ReadNative(ServerSettings old, ServerSettings changed, Func<NativeServerSettings, NativeServerSettings, bool> isSame) =>
        old.Native is not { } one || changed.Native is not { } other || isSame(one, other);
}
