using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>One server of a group as it was asked for: one address, one port. Immutable; within a group the address is the identity.</summary>
public sealed record ServerSettings
{
    private readonly int _weight = 1;

    /// <summary>A server at <paramref name="address"/>, called <paramref name="name"/> in logs and metrics.</summary>
    public ServerSettings(string name, IPEndPoint address)
    {
        Name = name;
        Address = address.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(address.Address.MapToIPv4(), address.Port) : address;
    }

    public string Name { get; }

    /// <summary>The host name that was resolved to <see cref="Address"/>; null: the address itself was given.</summary>
    public string? HostName { get; init; }

    /// <summary>An IPv4 address is never written as an IPv6 one here.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Its share beside the others', 0 to <see cref="BalancingLimits.MaximumWeight"/>; 0: no new connections.</summary>
    public int Weight
    {
        get => _weight;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, BalancingLimits.MaximumWeight);
            _weight = value;
        }
    }

    /// <summary>Whether it is used only when no other kind of server is usable.</summary>
    public bool IsBackup { get; init; }

    /// <summary>Live connections it may have at once; 0: no limit.</summary>
    public int MaximumConnections
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>The port that is asked whether the server is well; null: the one that connections go to.</summary>
    public int? CheckPort { get; init; }

    /// <summary>Where the server is asked whether it is well.</summary>
    public IPEndPoint CheckAddress => CheckPort is { } port ? new IPEndPoint(Address.Address, port) : Address;

    /// <summary>Whether both are addresses of one name, with one port: either may stand in for the other.</summary>
    public bool IsOfSameName(ServerSettings other) =>
        HostName is not null && Address.Port == other.Address.Port && string.Equals(HostName, other.HostName, StringComparison.OrdinalIgnoreCase);
}
