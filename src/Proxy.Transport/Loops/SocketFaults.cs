using System.Net.Sockets;

namespace Proxy.Transport;

/// <summary>Turns what .NET says of a socket error into our own words; the only place that knows both.</summary>
internal static class SocketFaults
{
    public static TransportFault From(SocketError error) => new(KindOf(error), new SocketException((int)error).Message);

    public static TransportFaultKind KindOf(SocketError error) => error switch
    {
        SocketError.Success => TransportFaultKind.None,
        // EPIPE reaches .NET as Shutdown, ENOTCONN after a reset as NotConnected.
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.NotConnected => TransportFaultKind.Reset,
        SocketError.ConnectionRefused => TransportFaultKind.Refused,
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => TransportFaultKind.Unreachable,
        SocketError.NetworkDown or SocketError.HostDown => TransportFaultKind.Unreachable,
        SocketError.TimedOut => TransportFaultKind.TimedOut,
        SocketError.AddressAlreadyInUse => TransportFaultKind.AddressInUse,
        SocketError.AddressNotAvailable or SocketError.AccessDenied => TransportFaultKind.AddressNotAvailable,
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.WouldBlock => TransportFaultKind.Exhausted,
        _ => TransportFaultKind.Other,
    };
}
