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
}
