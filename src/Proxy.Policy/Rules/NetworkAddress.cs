using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Policy.Rules;

/// <summary>
/// An IPv4 or IPv6 address as one number: IPv4 in its IPv4-mapped form (RFC 4291 section 2.5.5.2), so that a client is the same one
/// on an IPv4 and on a dual-stack socket. The scope of a link-local address is not part of it.
/// </summary>
public readonly record struct NetworkAddress
{
    internal const int IPv4PrefixOffset = 96;
    internal static readonly UInt128 MappedBase = new(0, 0xFFFF_0000_0000);

    public NetworkAddress(UInt128 value)
    {
        Value = value;
    }

    public UInt128 Value { get; }

    public bool IsIPv4 => Value >> 32 == 0xFFFF;

    /// <summary>Reads the number of an address without allocating.</summary>
    public static NetworkAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return new(length == 4 ? MappedBase | BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        return new IPAddress(IsIPv4 ? bytes[12..] : bytes);
    }

    /// <summary>The block of the given prefix length that this address lies in; which of the two lengths counts follows from the address.</summary>
    public Cidr BlockOf(int ipv4PrefixLength, int ipv6PrefixLength) =>
        Cidr.Around(this, IsIPv4 ? IPv4PrefixOffset + ipv4PrefixLength : ipv6PrefixLength);

    public override string ToString() => ToIPAddress().ToString();
}
