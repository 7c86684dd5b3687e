using System.Net;
using Proxy.Policy;
using Proxy.Policy.Balancing;
using Proxy.Policy.Filters;
using Proxy.Policy.Health;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;
using Proxy.Transport.Tls;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>What one node does: any mix of relays, a tunnel client and a tunnel server. Immutable, checked before it gets here.</summary>
public sealed record NodeSettings
{
    public required string Name { get; init; }

    /// <summary>Connections at once over all frontends; more wait or are refused. Null: any number.</summary>
    public int? MaximumConnections { get; init; }

    public IReadOnlyList<RelayFrontendSettings> Relays { get; init; } = [];

    public ClientSettings? Client { get; init; }

    public ServerSettings? Server { get; init; }

    /// <summary>Lines about each connection of a frontend; null: none are written.</summary>
    public AccessLogSettings? AccessLog { get; init; }
}

/// <summary>Deadlines of a connection; all but the lifetime are on. Zero turns one off, except <see cref="Header"/> and <see cref="Connect"/>.</summary>
public sealed record ConnectionTimeouts
{
    public static readonly ConnectionTimeouts Default = new();

    /// <summary>For what a client has to send before anything is done for it, as a whole.</summary>
    public TimeSpan Header { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From accept until the upstream answered; the wait for a tunnel that is down is part of it.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Without a byte in either direction.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Without a byte in the direction that is still open, after the other one ended.</summary>
    public TimeSpan HalfClose { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the moment both sides are connected to the end, whatever moves; zero: as long as it likes.</summary>
    public TimeSpan Lifetime { get; init; }
}

/// <summary>A plain relay: a listener and the servers behind it.</summary>
public sealed record RelayFrontendSettings
{
    public required string Name { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>Every address of a name is a server of its own. At least one, unless there are routes: then these are for who fits none.</summary>
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

    /// <summary>
    /// How many more servers a connection tries when one did not answer. The default gets past a rack that is gone; each costs the connection a
    /// search through all servers.
    /// </summary>
    public int MaximumRetries { get; init; } = 15;

    /// <summary>Who may wait while all servers are full.</summary>
    public ConnectionQueueSettings Queue { get; init; } = ConnectionQueueSettings.Default;

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    /// <summary>How many it serves, of whom, how fast they may come, and who may wait.</summary>
    public AdmissionSettings Limits { get; init; } = AdmissionSettings.Unlimited;

    /// <summary>Whom it serves.</summary>
    public AccessRules Rules { get; init; } = AccessRules.AllowAll;

    public ProxyProtocolSettings ProxyProtocol { get; init; } = ProxyProtocolSettings.Off;

    /// <summary>What looks into its bytes, the first nearest to the client; at most <see cref="FilterLimits.Filters"/>.</summary>
    public IReadOnlyList<IStreamFilterFactory> Filters { get; init; } = [];

    /// <summary>How fast its bytes may go.</summary>
    public BandwidthSettings Bandwidth { get; init; } = BandwidthSettings.Unlimited;

    /// <summary>TLS with clients; null: bytes are passed on as they are.</summary>
    public TlsTermination? Tls { get; init; }

    /// <summary>Servers by the name that TLS clients ask for, whether TLS is ended here or passed on; empty: the name does not matter.</summary>
    public IReadOnlyList<ServerNameRoute> Routes { get; init; } = [];

    /// <summary>TLS with servers; null: bytes are passed on as they are.</summary>
    public UpstreamTlsSettings? UpstreamTls { get; init; }

    /// <summary>The targets as they were given, for status and log.</summary>
    public string TargetText => string.Join(',', Routes.Select(route => $"{route.Pattern}={TextOf(route.Targets)}").Append(TextOf(Targets)).Where(text => text.Length > 0));

    private static string TextOf(IEnumerable<ServerEntry> targets) => string.Join(',', targets.Select(target => target.Name is { } name ? $"{name}:{target.Port}" : $"{new IPEndPoint(target.Addresses[0], target.Port)}"));
}

/// <summary>
/// Rates in bytes a second, at most <see cref="TokenBucket.MaximumPerSecond"/>; 0 for none. Up is from the client to the upstream. The rates of a
/// frontend are shared by all its connections, in equal parts among those that want more.
/// </summary>
public sealed record BandwidthSettings
{
    public static readonly BandwidthSettings Unlimited = new();

    public long FrontendUp { get; init; }

    public long FrontendDown { get; init; }

    public long ConnectionUp { get; init; }

    public long ConnectionDown { get; init; }
}

/// <summary>Active checks: what is asked, and when.</summary>
public sealed record HealthCheckSettings(CheckKind Kind, CheckSettings Times);

/// <summary>The proxy client: tunnels to servers, and listeners whose connections go through them.</summary>
public sealed record ClientSettings
{
    /// <summary>At least one; tunnels are kept to each.</summary>
    public required IReadOnlyList<TunnelServer> Servers { get; init; }

    /// <summary>Tunnels to each server.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>After so long another tunnel takes a tunnel's place, with fresh keys, and the old one ends with its last stream; zero: never.</summary>
    public TimeSpan RenewAfter { get; init; }

    /// <summary>For tunnels over TLS: how servers are verified.</summary>
    public UpstreamTlsSettings Tls { get; init; } = new() { Client = new TlsClientSettings { IsResuming = false } };

    public required IReadOnlyList<ForwardSettings> Forwards { get; init; }

    /// <summary>For the dialect of vproxy.</summary>
    public TunnelSettings Tunnel { get; init; } = TunnelSettings.Default;

    /// <summary>The sealed dialect; null: that of vproxy is spoken.</summary>
    public NativeClientSettings? Native { get; init; }

    /// <summary>Connections that may wait while no tunnel is up; more are refused.</summary>
    public int MaximumWaiting { get; init; } = 10_000;
}

/// <summary>A listener of the client.</summary>
public sealed record ForwardSettings
{
    public required string Name { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>Told to the server in a chain header; null where the server has one target for all (<c>--to</c>) and no header is sent.</summary>
    public required Destination? Target { get; init; }

    /// <summary>Headers that applications' proxies begin with; nothing goes out here, the server's own setting decides that.</summary>
    public ProxyProtocolSettings ProxyProtocol { get; init; } = ProxyProtocolSettings.Off;

    /// <summary>Whether the server is told who the connection is for, and what it connected to.</summary>
    public bool TellsSource { get; init; }

    /// <summary>The target for status and log.</summary>
    public string TargetText => Target?.ToString() ?? "-";

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    public int MaximumConnections { get; init; } = int.MaxValue;
}

/// <summary>The proxy server: endpoints that take tunnels, and where their streams may go.</summary>
public sealed record ServerSettings
{
    /// <summary>UDP endpoints.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [];

    /// <summary>TCP endpoints; for the sealed dialect only.</summary>
    public IReadOnlyList<IPEndPoint> ListenTcp { get; init; } = [];

    /// <summary>TCP endpoints that speak TLS, by <see cref="Tls"/>; for the sealed dialect only.</summary>
    public IReadOnlyList<IPEndPoint> ListenTls { get; init; } = [];

    /// <summary>Needed for <see cref="ListenTls"/>.</summary>
    public TlsTermination? Tls { get; init; }

    public DestinationRules Destinations { get; init; } = DestinationRules.Nothing;

    /// <summary>Every stream goes there and carries no header, as vproxy's KcpTun does; null: each stream begins with a chain header.</summary>
    public Destination? FixedTarget { get; init; }

    /// <summary>For the dialect of vproxy.</summary>
    public TunnelSettings Tunnel { get; init; } = TunnelSettings.Default;

    /// <summary>The sealed dialect; null: that of vproxy is spoken.</summary>
    public NativeServerSettings? Native { get; init; }

    /// <summary>What destinations are told of who a stream is for, as far as the client said; null: nothing.</summary>
    public ProxyHeaderVersion? ProxyProtocolOut { get; init; }

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    /// <summary>Tunnels at once on one endpoint; a datagram that would open another is dropped.</summary>
    public int MaximumTunnels { get; init; } = 10_000;

    /// <summary>By name, what some of them may do that others may not.</summary>
    public IReadOnlyDictionary<string, PrincipalSettings> Principals { get; init; } = new Dictionary<string, PrincipalSettings>(StringComparer.Ordinal);

    /// <summary>Where the streams of that principal may go; null: the one of a dialect that knows none.</summary>
    public DestinationRules DestinationsOf(string? principal) =>
        principal is not null && Principals.TryGetValue(principal, out var own) ? own.Destinations ?? Destinations : Destinations;
}
