using System.Net;
using Proxy.Policy.Filters;
using Proxy.Policy.Limits;
using Proxy.Policy.Routes;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>A listener that takes users' traffic.</summary>
public sealed record FrontendSettings
{
    public required string Name { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>Whether it takes datagrams: each sender is a connection then. No TLS, filters, bandwidth or PROXY headers.</summary>
    public bool IsUdp { get; init; }

    /// <summary>Where its connections go.</summary>
    public required FrontendTarget To { get; init; }

    /// <summary>For clients that say themselves where they want to go: the target then has no destination. Null: they say nothing.</summary>
    public ForwardProxySettings? Proxy { get; init; }

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    /// <summary>How many it serves, of whom, how fast they may come, and who may wait.</summary>
    public AdmissionSettings Limits { get; init; } = AdmissionSettings.Unlimited;

    /// <summary>
    /// Connections at once over all nodes of the cluster that have a frontend of this name, divided by use. Null: any number. As the listener begins with it.
    /// </summary>
    public int? ClusterConnections { get; init; }

    /// <summary>New connections a second over all these nodes, divided in the same way. Null: any number.</summary>
    public int? ClusterAcceptsPerSecond { get; init; }

    /// <summary>Connections at once of each client address over all these nodes. Null: any number.</summary>
    public int? ClusterConnectionsPerSource { get; init; }

    /// <summary>Whom it serves.</summary>
    public AccessRules Rules { get; init; } = AccessRules.AllowAll;

    /// <summary>Headers that other proxies begin with; what goes out here is for upstreams, a tunnel's server has its own setting.</summary>
    public ProxyProtocolSettings ProxyProtocol { get; init; } = ProxyProtocolSettings.Off;

    /// <summary>What looks into its bytes, the first nearest to the client; at most <see cref="FilterLimits.Filters"/>. For upstreams only.</summary>
    public IReadOnlyList<IStreamFilterFactory> Filters { get; init; } = [];

    /// <summary>
    /// What each filter was made from; the same texts make the same filters, as a filter itself cannot be compared. Empty: of unknown origin.
    /// </summary>
    public IReadOnlyList<string> FilterTexts { get; init; } = [];

    /// <summary>How fast its bytes may go. For upstreams only.</summary>
    public BandwidthSettings Bandwidth { get; init; } = BandwidthSettings.Unlimited;

    /// <summary>TLS with clients; null: bytes are passed on as they are. For upstreams only.</summary>
    public TlsTermination? Tls { get; init; }

    /// <summary>
    /// How many more servers of an upstream a connection tries when one did not answer. The default gets past a rack that is gone; each costs the
    /// connection a search through all servers.
    /// </summary>
    public int MaximumRetries { get; init; } = 15;

    /// <summary>What is spoken with clients, as URLs of listeners begin.</summary>
    internal string Scheme => (IsUdp, Proxy?.Scheme) switch
    {
        (true, { } redirected) => $"{redirected}+udp",
        (true, _) => "udp",
        (_, var spoken) => spoken ?? "tcp",
    };
}

/// <summary>Where the connections of a frontend go.</summary>
public abstract record FrontendTarget;

/// <summary>To real servers, with no tunnel between.</summary>
/// <param name="Upstream">One of <see cref="NodeSettings.Upstreams"/>; null, if there are routes: who fits none is refused.</param>
public sealed record UpstreamTarget(string? Upstream) : FrontendTarget
{
    /// <summary>Upstreams by the name that TLS clients ask for, whether TLS is ended here or passed on; empty: the name does not matter.</summary>
    public IReadOnlyList<ServerNameRoute> Routes { get; init; } = [];
}

/// <summary>Through a chain, to what its last hop can reach.</summary>
/// <param name="ChainSet">One of <see cref="NodeSettings.ChainSets"/>.</param>
/// <param name="Destination">Null: clients say it (<see cref="FrontendSettings.Proxy"/>).</param>
public sealed record ChainTarget(string ChainSet, Destination? Destination) : FrontendTarget
{
    /// <summary>Whether the last hop is told who the connection is for, and what it connected to.</summary>
    public bool TellsSource { get; init; }
}

/// <summary>The way that a table finds for each connection: straight, through a chain, or nowhere.</summary>
/// <param name="Routes">Its sets of chains are among <see cref="NodeSettings.ChainSets"/>.</param>
/// <param name="Destination">Null: clients say it (<see cref="FrontendSettings.Proxy"/>).</param>
public sealed record RoutedTarget(RouteTable Routes, Destination? Destination) : FrontendTarget
{
    /// <summary>Whether the last hop of a chain is told who the connection is for, and what it connected to.</summary>
    public bool TellsSource { get; init; }
}

/// <summary>Through a tunnel, to what its server can reach.</summary>
/// <param name="Tunnel">One of <see cref="NodeSettings.Tunnels"/>.</param>
/// <param name="Destination">
/// Told to the server in a chain header; null where clients say it (<see cref="FrontendSettings.Proxy"/>), and where the server has one target for
/// all (<c>--to</c>) and no header is sent.
/// </param>
public sealed record TunnelTarget(string Tunnel, Destination? Destination) : FrontendTarget
{
    /// <summary>Whether the server is told who the connection is for, and what it connected to.</summary>
    public bool TellsSource { get; init; }
}
