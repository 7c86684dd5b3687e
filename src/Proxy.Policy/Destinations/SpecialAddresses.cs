using System.Net;
using System.Net.Sockets;

namespace Proxy.Policy;

/// <summary>
/// Ranges through which a proxy is turned against its own network: loopback, link-local (cloud metadata lives there), multicast, unspecified,
/// and the IPv6 forms of the same. They are never meant by a wide rule.
/// </summary>
public static class SpecialAddresses
{
    private static readonly IPNetwork[] Ranges =
    [
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("::/128"),
        IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("ff00::/8"),
        IPNetwork.Parse("fd00:ec2::254/128"),

        // An IPv4 address in IPv6 clothes reaches the same machine: mapped, NAT64, 6to4.
        IPNetwork.Parse("::ffff:0:0/96"),
        IPNetwork.Parse("64:ff9b::/96"),
        IPNetwork.Parse("2002::/16"),
    ];

    /// <summary>Whether the address lies in one of the ranges.</summary>
    public static bool Contain(IPAddress address) => Array.Exists(Ranges, range => range.Contains(address));

    /// <summary>Whether the whole network lies in one of the ranges, which makes it a rule that names them.</summary>
    public static bool Contain(IPNetwork network) => Array.Exists(Ranges, range =>
        range.BaseAddress.AddressFamily == network.BaseAddress.AddressFamily
        && network.PrefixLength >= range.PrefixLength
        && range.Contains(network.BaseAddress));

    /// <summary>Whether packets to the address never leave this machine.</summary>
    public static bool IsLoopback(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return IPAddress.IsLoopback(address)
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.IsIPv4MappedToIPv6 && IPAddress.IsLoopback(address.MapToIPv4()));
    }
}
