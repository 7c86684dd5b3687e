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

    public IReadOnlyList<TunnelStatus> Tunnels { get; init; } = [];

    public StreamCount Streams { get; init; }

    public StreamCount Connections { get; init; }

    public ComponentStatus Plus(ComponentStatus other) => new()
    {
        Frontends = [.. Frontends, .. other.Frontends],
        Tunnels = [.. Tunnels, .. other.Tunnels],
        Streams = Streams.Plus(other.Streams),
        Connections = Connections.Plus(other.Connections),
    };
}

/// <summary>How many there are now, and how many there were since the start.</summary>
public readonly record struct StreamCount(long Active, long Total)
{
    public StreamCount Plus(StreamCount other) => new(Active + other.Active, Total + other.Total);
}

/// <summary>One listener that takes users' traffic. Bytes count living connections too.</summary>
public sealed record FrontendStatus(
    string Name, string Listen, string Target, string State, StreamCount Connections, long Refused, long BytesFromClients, long BytesToClients);

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
    long DatagramsMalformed);
