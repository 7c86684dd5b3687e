using System.Net;
using Proxy.Policy;
using Proxy.Protocol.Chains;
using Proxy.Transport.Dials;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>The proxy server: endpoints that take tunnels, and where their streams may go.</summary>
public sealed record ServerSettings
{
    /// <summary>What logs and status call its streams.</summary>
    public string Name { get; init; } = "egress";

    /// <summary>UDP endpoints.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [];

    /// <summary>TCP endpoints; for the sealed dialect only.</summary>
    public IReadOnlyList<IPEndPoint> ListenTcp { get; init; } = [];

    /// <summary>TCP endpoints that speak TLS, by <see cref="Tls"/>; for the sealed dialect only.</summary>
    public IReadOnlyList<IPEndPoint> ListenTls { get; init; } = [];

    /// <summary>Needed for <see cref="ListenTls"/>.</summary>
    public TlsTermination? Tls { get; init; }

    /// <summary>Where chains are taken without a tunnel.</summary>
    public IReadOnlyList<ChainServerSettings> Chains { get; init; } = [];

    /// <summary>
    /// Of <see cref="NodeSettings.Tunnels"/>: chains that go on to a server of theirs go through them, where others are dialled. Naming one allows that hop.
    /// </summary>
    public IReadOnlyList<string> Legs { get; init; } = [];

    /// <summary>
    /// One of <see cref="NodeSettings.ChainSets"/>: destinations are reached through it, and the rules of its last hop say which. Null: they are dialled.
    /// </summary>
    public string? Chain { get; init; }

    public DestinationRules Destinations { get; init; } = DestinationRules.Nothing;

    /// <summary>Every stream goes there and carries no header, as vproxy's KcpTun does; null: each stream begins with a chain header.</summary>
    public Destination? FixedTarget { get; init; }

    /// <summary>For the dialect of vproxy.</summary>
    public TunnelSettings Tunnel { get; init; } = TunnelSettings.Default;

    /// <summary>The sealed dialect; null: that of vproxy is spoken.</summary>
    public NativeServerSettings? Native { get; init; }

    /// <summary>What destinations are told of who a stream is for, as far as the client said; null: nothing.</summary>
    public ProxyHeaderVersion? ProxyProtocolOut { get; init; }

    /// <summary>Which of this machine's addresses its streams go out from.</summary>
    public SourceAddresses Sources { get; init; } = SourceAddresses.Any;

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    /// <summary>Tunnels at once on one endpoint; a datagram that would open another is dropped.</summary>
    public int MaximumTunnels { get; init; } = 10_000;

    /// <summary>By name, what some of them may do that others may not.</summary>
    public IReadOnlyDictionary<string, PrincipalSettings> Principals { get; init; } = new Dictionary<string, PrincipalSettings>(StringComparer.Ordinal);

    /// <summary>Where the streams of that principal may go; null: the one of a dialect that knows none.</summary>
    public DestinationRules DestinationsOf(string? principal) =>
        principal is not null && Principals.TryGetValue(principal, out var own) ? own.Destinations ?? Destinations : Destinations;
}
