using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// Which of our addresses a datagram was sent to, and which it is to come from, at a socket that has them all (IP_PKTINFO, ip(7); IPV6_PKTINFO,
/// RFC 3542, 6).
/// </summary>
internal static unsafe class PacketInfo
{
    public static bool TryAskFor(int descriptor, bool isIPv4) => isIPv4
        ? EpollSockets.SetOption(descriptor, IPv4Level, IPv4PacketInfo, 1)
        : EpollSockets.SetOption(descriptor, IPv6Level, IPv6ReceivePacketInfo, 1);

    public static bool TryAskForDestination(int descriptor, bool isIPv4) => isIPv4
        ? EpollSockets.SetOption(descriptor, IPv4Level, IPv4OriginalDestination, 1)
        : EpollSockets.SetOption(descriptor, IPv6Level, IPv6OriginalDestination, 1);

    /// <summary>Address and port that a redirected datagram had; null: the kernel did not say.</summary>
    public static UdpAddress? ReadDestination(MessageHeader* message)
    {
        const int IPv4Bytes = 16;
        var data = ControlMessage.Find(message, IPv4Level, IPv4OriginalDestination, IPv4Bytes);
        if (data is not null)
        {
            return UdpAddress.Read(new ReadOnlySpan<byte>(data, IPv4Bytes), isIPv4Form: true);
        }

        data = ControlMessage.Find(message, IPv6Level, IPv6OriginalDestination, NativeAddress.Size);
        return data is null ? null : UdpAddress.Read(new ReadOnlySpan<byte>(data, NativeAddress.Size), isIPv4Form: false);
    }

    /// <summary>0: the kernel did not say.</summary>
    public static UInt128 Read(MessageHeader* message)
    {
        var data = ControlMessage.Find(message, IPv4Level, IPv4PacketInfo, sizeof(IPv4Info));
        if (data is not null)
        {
            return 0xffff_0000_0000UL | BinaryPrimitives.ReverseEndianness(((IPv4Info*)data)->Destination);
        }

        data = ControlMessage.Find(message, IPv6Level, IPv6PacketInfo, sizeof(IPv6Info));
        return data is null ? default : BinaryPrimitives.ReadUInt128BigEndian(new ReadOnlySpan<byte>(data, 16));
    }

    /// <summary>Sends from that address of ours. Gives the error number, or 0.</summary>
    public static int Send(int descriptor, byte* start, int count, NativeAddress* to, UInt128 from, bool isIPv4)
    {
        var control = default(Control);
        if (isIPv4)
        {
            control.Header = new ControlMessage { Bytes = ControlMessage.HeaderBytes + (nuint)sizeof(IPv4Info), Level = IPv4Level, Type = IPv4PacketInfo };
            control.IPv4.Source = BinaryPrimitives.ReverseEndianness((uint)from);
        }
        else
        {
            control.Header = new ControlMessage { Bytes = ControlMessage.HeaderBytes + (nuint)sizeof(IPv6Info), Level = IPv6Level, Type = IPv6PacketInfo };
            BinaryPrimitives.WriteUInt128BigEndian(new Span<byte>(control.IPv6.Address, 16), from);
        }

        var vector = new IoVector { Base = start, Length = (nuint)count };
        var message = new MessageHeader
        {
            Vectors = &vector,
            VectorCount = 1,
            Name = (byte*)to,
            NameBytes = to->Bytes,
            Control = (byte*)&control,
            ControlBytes = (control.Header.Bytes + 7) & ~(nuint)7,
        };
        return Libc.SendMessage(descriptor, &message, NoSignal) >= 0 ? 0 : Errno.LastOfLongCall;
    }

    /// <summary>struct in_pktinfo; addresses in the order of the wire.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct IPv4Info
    {
        public int Interface;
        public uint Source;
        public uint Destination;
    }

    /// <summary>struct in6_pktinfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct IPv6Info
    {
        public fixed byte Address[16];
        public uint Interface;
    }

    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private struct Control
    {
        [FieldOffset(0)]
        public ControlMessage Header;

        [FieldOffset(16)]
        public IPv4Info IPv4;

        [FieldOffset(16)]
        public IPv6Info IPv6;
    }
}
