using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// One line of a group's settings: an address, or a name that stands for as many servers as it has addresses, all with the same weight and
/// limits. Immutable; <see cref="ServerList"/> keeps the addresses of names.
/// </summary>
public sealed record ServerEntry
{
    private ServerEntry(string? name, int port, IPEndPoint? endPoint)
    {
        Name = name;
        Port = port;
        EndPoint = endPoint;
        Addresses = endPoint is null ? [] : [endPoint.Address];
    }

    /// <summary>The name to resolve; null: the address was given.</summary>
    public string? Name { get; }

    public int Port { get; }

    /// <summary>What was given instead of a name; it may be of a kind that says more than address and port.</summary>
    public IPEndPoint? EndPoint { get; }

    /// <summary>What the name meant when it was last resolved with success; empty until then.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; internal init; }

    public int Weight { get; init; } = 1;

    public bool IsBackup { get; init; }

    /// <summary>For each address of a name; 0: no limit.</summary>
    public int MaximumConnections { get; init; }

    /// <summary>The port for checks; null: <see cref="Port"/>.</summary>
    public int? CheckPort { get; init; }

    public static ServerEntry ForAddress(IPEndPoint endpoint) => new(null, endpoint.Port, endpoint);

    public static ServerEntry ForName(string name, int port) => new(name, port, endPoint: null);

    /// <summary>Whether both ask for the same; what a name means at present is no part of it.</summary>
    public bool Equals(ServerEntry? other) =>
        other is not null && string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase) && Port == other.Port && Weight == other.Weight
        && IsBackup == other.IsBackup && MaximumConnections == other.MaximumConnections && CheckPort == other.CheckPort
        && Equals(EndPoint, other.EndPoint);

    public override int GetHashCode() => HashCode.Combine(Port, Weight, IsBackup, MaximumConnections, CheckPort);

    internal IEnumerable<ServerSettings> ToServers() => Addresses.Select(address =>
    {
        var endpoint = EndPoint ?? new IPEndPoint(address, Port);
        return new ServerSettings(Name is null ? endpoint.ToString() : $"{Name}/{endpoint}", endpoint)
        {
            HostName = Name,
            CheckPort = CheckPort,
            Weight = Weight,
            IsBackup = IsBackup,
            MaximumConnections = MaximumConnections,
        };
    });
}
