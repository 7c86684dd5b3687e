namespace Proxy.Actors;

/// <summary>Asks a component of a node how it is; answered by a <see cref="ComponentStatus"/>.</summary>
public sealed record GetStatus
{
    public static readonly GetStatus Instance = new();
}

/// <summary>How one component is at a moment: each fills in what it owns.</summary>
public sealed record ComponentStatus
{
    public IReadOnlyList<FrontendStatus> Frontends { get; init; } = [];

    public IReadOnlyList<UpstreamStatus> Upstreams { get; init; } = [];

    public IReadOnlyList<TunnelStatus> Tunnels { get; init; } = [];

    public IReadOnlyList<TunnelListenerStatus> TunnelListeners { get; init; } = [];

    /// <summary>All tunnels since the start.</summary>
    public TunnelTotals TunnelTotals { get; init; } = TunnelTotals.None;

    /// <summary>The newest of those that live; never all of them, when there are many.</summary>
    public IReadOnlyList<ConnectionStatus> Live { get; init; } = [];

    /// <summary>One for each frontend that speaks TLS.</summary>
    public IReadOnlyList<TlsStatus> Tls { get; init; } = [];

    public IReadOnlyList<ChainSetStatus> Chains { get; init; } = [];

    /// <summary>What takes nobody any more and ends.</summary>
    public IReadOnlyList<DrainStatus> Drains { get; init; } = [];

    /// <summary>What holders of keys have used of this node's servers.</summary>
    public IReadOnlyList<PrincipalStatus> Principals { get; init; } = [];

    public StreamCount Streams { get; init; }

    public StreamCount Connections { get; init; }

    public ComponentStatus Plus(ComponentStatus other) => new()
    {
        Frontends = [.. Frontends, .. other.Frontends],
        Upstreams = [.. Upstreams, .. other.Upstreams],
        Tunnels = [.. Tunnels, .. other.Tunnels],
        TunnelListeners = TunnelListenerStatus.Join(TunnelListeners, other.TunnelListeners),
        TunnelTotals = TunnelTotals.Plus(other.TunnelTotals),
        Live = [.. Live, .. other.Live],
        Tls = [.. Tls, .. other.Tls],
        Chains = [.. Chains, .. other.Chains],
        Principals = [.. Principals, .. other.Principals],
        Drains = [.. Drains, .. other.Drains],
        Streams = Streams.Plus(other.Streams),
        Connections = Connections.Plus(other.Connections),
    };
}

/// <summary>What one holder of a key has used of a server.</summary>
/// <param name="Streams">At once now.</param>
/// <param name="PeriodBytes">Of streams that have ended, in the present period of its quota.</param>
/// <param name="Refused">Streams that its quota did not admit.</param>
public sealed record PrincipalStatus(string Name, int Streams, long PeriodBytes, long Refused);

/// <summary>How far something has got that drains.</summary>
/// <param name="Left">Connections that live on.</param>
/// <param name="IdleClosed">Idle connections that were ended on the way.</param>
/// <param name="SecondsLeft">Until what is left is cut; null: there is no such time.</param>
public sealed record DrainStatus(string Subject, int Left, int IdleClosed, long? SecondsLeft);

/// <summary>One living connection. Phase: opening, queued, connecting, relaying, half-closed.</summary>
public sealed record ConnectionStatus(
    long Id, string Frontend, string Client, string? Server, string Phase, double DurationS, long BytesFromClient, long BytesFromUpstream);

/// <summary>TLS handshakes of one frontend since its start.</summary>
public sealed record TlsStatus(string Frontend, long ClientDone, long ClientFailed, long UpstreamDone, long UpstreamFailed);

/// <summary>How many there are now, and how many there were since the start.</summary>
public readonly record struct StreamCount(long Active, long Total)
{
    public StreamCount Plus(StreamCount other) => new(Active + other.Active, Total + other.Total);
}

/// <summary>One listener that takes users' traffic. Bytes count living connections too; <paramref name="Refusals"/> has every reason there is.</summary>
public sealed record FrontendStatus(
    string Name,
    string Listen,
    string Target,
    string State,
    StreamCount Connections,
    long Refused,
    IReadOnlyList<RefusalCount> Refusals,
    long BytesFromClients,
    long BytesToClients)
{
    /// <summary>Connections that were accepted and wait for a place, unread.</summary>
    public int Waiting { get; init; }
}

/// <summary>How many connections were refused for one reason, such as <c>source_connections</c>.</summary>
public sealed record RefusalCount(string Reason, long Count);

/// <summary>The servers behind one relay, and the queue in front of them.</summary>
/// <param name="Waiting">Connections that wait now because all servers are full.</param>
/// <param name="QueuedTotal">Connections that had to wait.</param>
/// <param name="QueueFullTotal">Connections that were refused because too many waited already.</param>
/// <param name="QueueTimeoutsTotal">Connections that waited in vain.</param>
/// <param name="RetriesTotal">How often a connection went on to another server.</param>
public sealed record UpstreamStatus(
    string Name,
    string Balance,
    int Waiting,
    long QueuedTotal,
    long QueueFullTotal,
    long QueueTimeoutsTotal,
    long RetriesTotal,
    IReadOnlyList<ServerStatus> Servers);

/// <summary>
/// One server of an upstream. State: up, slow-starting, draining, ejected, down. <paramref name="SinceS"/>: seconds since something last
/// happened to it. <paramref name="MaximumConnections"/>: 0 for no limit.
/// </summary>
public sealed record ServerStatus(
    string Name,
    string State,
    long SinceS,
    int Weight,
    bool Backup,
    int MaximumConnections,
    StreamCount Connections,
    long Failures,
    long Ejections,
    CheckStatus Checks);

/// <summary>What the checks of a server found; <paramref name="Last"/> is empty before the first, and where nothing is checked.</summary>
public sealed record CheckStatus(string Last, long Passed, long Failed)
{
    public static readonly CheckStatus None = new("", 0, 0);
}

/// <summary>Where a server takes sealed tunnels, and who knocked.</summary>
/// <param name="Listen">Its address.</param>
/// <param name="HalfOpen">Tunnels that were answered and from which nothing has come yet.</param>
/// <param name="Hellos">What became of the hellos, every outcome there is.</param>
/// <param name="ResetsSent">Datagrams for tunnels of an earlier life of this server that were told so.</param>
/// <param name="DatagramsIgnored">Datagrams for no tunnel that were dropped without a word.</param>
public sealed record TunnelListenerStatus(
    string Listen, int HalfOpen, IReadOnlyList<HelloCount> Hellos, long ResetsSent, long DatagramsIgnored)
{
    /// <summary>UDP sockets that share the address, one per loop.</summary>
    public int Sockets { get; init; } = 1;

    /// <summary>Datagrams that came to a socket whose loop has not their tunnel, and were passed on to the loop that has it.</summary>
    public long DatagramsPassedOn { get; init; }

    /// <summary>Datagrams that were to be passed on and found no room on the way.</summary>
    public long DatagramsNotPassedOn { get; init; }

    /// <summary>Both, with the sockets of one address as one listener.</summary>
    public static IReadOnlyList<TunnelListenerStatus> Join(IReadOnlyList<TunnelListenerStatus> some, IReadOnlyList<TunnelListenerStatus> others) =>
        [.. some.Concat(others).GroupBy(listener => listener.Listen).Select(sockets => sockets.Aggregate((sum, next) => sum.Plus(next)))];

    private TunnelListenerStatus Plus(TunnelListenerStatus other) => this with
    {
        HalfOpen = HalfOpen + other.HalfOpen,
        Hellos = [.. Hellos.Zip(other.Hellos, (own, its) => own with { Count = own.Count + its.Count })],
        ResetsSent = ResetsSent + other.ResetsSent,
        DatagramsIgnored = DatagramsIgnored + other.DatagramsIgnored,
        Sockets = Sockets + other.Sockets,
        DatagramsPassedOn = DatagramsPassedOn + other.DatagramsPassedOn,
        DatagramsNotPassedOn = DatagramsNotPassedOn + other.DatagramsNotPassedOn,
    };
}

/// <summary>How many hellos had one outcome, such as <c>not_authentic</c>.</summary>
public sealed record HelloCount(string Outcome, long Count);

/// <summary>One tunnel. Round trip in milliseconds, 0 before it was measured.</summary>
public sealed record TunnelStatus(
    string Peer,
    string Transport,
    string State,
    int RttMs,
    int Streams,
    long StreamsTotal,
    long BytesSent,
    long BytesReceived,
    long BytesWaiting,
    long SegmentsSent,
    long SegmentsResent,
    long DatagramsMalformed)
{
    /// <summary>Who it was authenticated as; null where nobody was.</summary>
    public string? Principal { get; init; }

    /// <summary>What only the native dialect has.</summary>
    public NativeTunnelStatus? Native { get; init; }
}

/// <summary>More about a tunnel of the native dialect. <paramref name="Phase"/> is its congestion controller's.</summary>
public sealed record NativeTunnelStatus(
    string Phase,
    long BandwidthBytesPerS,
    long CongestionWindowBytes,
    long BytesInFlight,
    long DatagramsSent,
    long DatagramsReceived,
    long DatagramsLost,
    long DatagramsSpurious,
    long DatagramsRefused,
    long ProbesSent,
    long PathChanges,
    long BlackHoles,
    long CreditBytes,
    bool Suspect)
{
    /// <summary>How fast datagrams leave at most.</summary>
    public required long PacingBytesPerS { get; init; }

    /// <summary>The largest datagrams that are known to get through.</summary>
    public required int Mtu { get; init; }

    /// <summary>Bytes of streams that wait to be sent.</summary>
    public required long UnsentBytes { get; init; }

    /// <summary>Frames that are no data and wait to be sent.</summary>
    public required int ControlFramesWaiting { get; init; }

    /// <summary>Received bytes that wait for lost ones before them.</summary>
    public required long OutOfOrderBytes { get; init; }

    /// <summary>Segments sent again on evidence that they were lost.</summary>
    public required long ResentFast { get; init; }

    /// <summary>Segments sent again to find out whether anything arrives.</summary>
    public required long ResentProbe { get; init; }

    /// <summary>Received segments that were there already.</summary>
    public required long SegmentsRepeated { get; init; }

    /// <summary>The user lanes, in their order.</summary>
    public required IReadOnlyList<LaneStatus> Lanes { get; init; }

    public required FecStatus Fec { get; init; }
}

/// <summary>One user lane: its streams, their bytes that wait to be sent, and what is sent and not acknowledged.</summary>
public sealed record LaneStatus(int Streams, long UnsentBytes, int SegmentsInFlight);

/// <summary>Forward error correction of one tunnel: what we send for the peer to mend with, and what we have mended with what the peer sends.</summary>
/// <param name="Mode">What this end was told to do: off, fixed, adaptive.</param>
/// <param name="On">Whether what is sent now is covered; adaptive goes by the path.</param>
/// <param name="GroupsSent">Groups of datagrams that parity was sent for.</param>
/// <param name="ParitySent">Datagrams of parity.</param>
/// <param name="ParityBytesSent">Bytes of those: what it costs.</param>
/// <param name="ParityReceived">Parity of the peer.</param>
/// <param name="ParityRefused">Of it what said something impossible.</param>
/// <param name="Recovered">Datagrams that did not arrive and were made out of others.</param>
/// <param name="GroupsNotRecovered">Groups of the peer of which too much was missing: they came again, or not at all.</param>
/// <param name="RecoveredByPeer">Datagrams of ours that the peer made out of others.</param>
public sealed record FecStatus(
    string Mode,
    bool On,
    long GroupsSent,
    long ParitySent,
    long ParityBytesSent,
    long ParityReceived,
    long ParityRefused,
    long Recovered,
    long GroupsNotRecovered,
    long RecoveredByPeer);
