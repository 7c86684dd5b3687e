using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Proxy.Transport;

/// <summary>
/// An IP address and port as a value: comparable, hashable, and free of allocation, so that a datagram's sender can be looked up per packet.
/// IPv4 is kept as IPv4-mapped IPv6; <see cref="ToIPEndPoint"/> gives back the family that was put in.
/// </summary>
public readonly record struct UdpAddress
{
    private readonly ulong _high;
    private readonly ulong _low;
    private readonly uint _scope;
    private readonly ushort _port;
    private readonly bool _isIPv4;

    public UdpAddress(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        _isIPv4 = address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6;
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _scope = _isIPv4 ? 0 : (uint)address.ScopeId;
        _port = checked((ushort)port);
    }

    private UdpAddress(ulong high, ulong low, uint scope, ushort port, bool isIPv4)
    {
        (_high, _low, _scope, _port, _isIPv4) = (high, low, scope, port, isIPv4);
    }

    public int Port => _port;

    /// <summary>The IP address; IPv4 as it is mapped into IPv6.</summary>
    public UInt128 Host => new(_high, _low);

    public static UdpAddress From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return new UdpAddress(endPoint.Address, endPoint.Port);
    }

    /// <summary>The address with another host and port, and the same scope where the host has one; IPv4 comes mapped into IPv6.</summary>
    public UdpAddress With(UInt128 host, int port)
    {
        var (high, low) = ((ulong)(host >> 64), (ulong)host);
        var isMapped = high == 0 && low >> 32 == 0xffff;
        return new UdpAddress(high, low, isMapped ? 0 : _scope, checked((ushort)port), isMapped);
    }

    /// <summary>Reads what a receive call left in <paramref name="address"/>; no allocation.</summary>
    public static UdpAddress From(SocketAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return Read(address.Buffer.Span, address.Family == AddressFamily.InterNetwork);
    }

    /// <summary>
    /// Writes it into <paramref name="address"/>, whose family decides the form; no allocation. False: it is IPv6 and the family is IPv4. IPv4
    /// in an IPv6 family is written as mapped, which only a dual-mode socket can reach.
    /// </summary>
    public bool TryWriteTo(SocketAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return TryWrite(address.Buffer.Span, address.Family == AddressFamily.InterNetwork);
    }

    /// <summary>Reads a sockaddr_in or sockaddr_in6; the family in front of it is not looked at.</summary>
    internal static UdpAddress Read(ReadOnlySpan<byte> bytes, bool isIPv4Form)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (isIPv4Form)
        {
            return new UdpAddress(0, 0xffff_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), 0, port, isIPv4: true);
        }

        var high = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        var isMapped = high == 0 && low >> 32 == 0xffff;
        return new UdpAddress(high, low, isMapped ? 0 : MemoryMarshal.Read<uint>(bytes[24..]), port, isMapped);
    }

    /// <summary>Writes all of a sockaddr_in or sockaddr_in6 but the family in front of it. False as for <see cref="TryWriteTo"/>.</summary>
    internal bool TryWrite(Span<byte> bytes, bool isIPv4Form)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], _port);
        if (isIPv4Form)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)_low);
            return _isIPv4;
        }

        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], _low);
        MemoryMarshal.Write(bytes[24..], _scope);
        return true;
    }

    public IPEndPoint ToIPEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _low);
        var address = _isIPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes, _scope);
        return new IPEndPoint(address, _port);
    }

    public override string ToString() => ToIPEndPoint().ToString();
}
