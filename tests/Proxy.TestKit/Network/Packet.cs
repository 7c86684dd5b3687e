using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>What travels between two hosts.</summary>
public enum PacketKind
{
    Datagram,

    /// <summary>ICMP "port unreachable", the answer to a datagram for which no socket is bound.</summary>
    PortUnreachable,

    /// <summary>TCP: SYN.</summary>
    TcpConnect,

    /// <summary>TCP: SYN and ACK.</summary>
    TcpAccept,

    /// <summary>TCP: the ACK that ends the handshake. Other acknowledgements are no packets here.</summary>
    TcpConfirm,

    TcpData,

    /// <summary>TCP: FIN.</summary>
    TcpFinish,

    /// <summary>TCP: RST.</summary>
    TcpReset,
}

/// <summary>A packet as a rule sees it, at the moment it is sent.</summary>
/// <param name="Index">Its place among all packets between hosts, from 0.</param>
/// <param name="Time">Virtual time since the world's start.</param>
/// <param name="Kind">What it is.</param>
/// <param name="FromHost">Who sends it.</param>
/// <param name="ToHost">Who has the address it goes to.</param>
/// <param name="From">Source address and port.</param>
/// <param name="To">Destination address and port.</param>
/// <param name="Bytes">The payload: of a datagram or TCP data; else empty.</param>
public readonly record struct Packet(
    long Index,
    TimeSpan Time,
    PacketKind Kind,
    SimulatedHost FromHost,
    SimulatedHost ToHost,
    UdpAddress From,
    UdpAddress To,
    ReadOnlyMemory<byte> Bytes)
{
    public bool IsTcp => Kind >= PacketKind.TcpConnect;

    /// <summary>Whether it goes between these two, in either direction.</summary>
    public bool IsBetween(SimulatedHost left, SimulatedHost right) =>
        (ReferenceEquals(FromHost, left) && ReferenceEquals(ToHost, right)) || (ReferenceEquals(FromHost, right) && ReferenceEquals(ToHost, left));
}
