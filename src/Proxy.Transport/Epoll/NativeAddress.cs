using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>Room for a sockaddr_in or a sockaddr_in6, as the system calls take and give it.</summary>
[InlineArray(Size)]
internal struct NativeAddress
{
    public const int Size = 28;
    private const int IPv4Size = 16;
    private byte _first;

    public static NativeAddress From(IPEndPoint endPoint)
    {
        var address = default(NativeAddress);
        address.TryWrite(UdpAddress.From(endPoint), endPoint.AddressFamily == AddressFamily.InterNetwork);
        return address;
    }

    /// <summary>The address of our own end of a socket; null when the socket has none, or one of another family.</summary>
    public static unsafe IPEndPoint? OfSocket(int descriptor)
    {
        var address = default(NativeAddress);
        var count = (uint)Size;
        return Libc.GetSocketName(descriptor, (byte*)&address, &count) == 0 && address.IsInternet ? address.ToEndPoint() : null;
    }

    /// <summary>How many bytes of it a call is told of.</summary>
    public readonly uint Bytes => IsIPv4 ? (uint)IPv4Size : Size;

    private readonly bool IsInternet => MemoryMarshal.Read<ushort>(this) is AddressFamilyIPv4 or AddressFamilyIPv6;

    private readonly bool IsIPv4 => MemoryMarshal.Read<ushort>(this) == AddressFamilyIPv4;

    /// <summary>False: an IPv6 address does not go into an IPv4 form.</summary>
    public bool TryWrite(in UdpAddress address, bool isIPv4Form)
    {
        Span<byte> bytes = this;
        MemoryMarshal.Write(bytes, (ushort)(isIPv4Form ? AddressFamilyIPv4 : AddressFamilyIPv6));
        return address.TryWrite(bytes, isIPv4Form);
    }

    public readonly UdpAddress ToUdpAddress() => UdpAddress.Read(this, IsIPv4);

    public readonly IPEndPoint ToEndPoint() => ToUdpAddress().ToIPEndPoint();
}
