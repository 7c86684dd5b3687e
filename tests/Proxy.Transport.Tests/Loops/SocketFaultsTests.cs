using System.Net.Sockets;

namespace Proxy.Transport.Tests.Loops;

public sealed class SocketFaultsTests
{
    [Theory]
    [InlineData(SocketError.ConnectionReset, TransportFaultKind.Reset)]
    [InlineData(SocketError.Shutdown, TransportFaultKind.Reset)]
    [InlineData(SocketError.ConnectionRefused, TransportFaultKind.Refused)]
    [InlineData(SocketError.HostUnreachable, TransportFaultKind.Unreachable)]
    [InlineData(SocketError.NetworkUnreachable, TransportFaultKind.Unreachable)]
    [InlineData(SocketError.TimedOut, TransportFaultKind.TimedOut)]
    [InlineData(SocketError.AddressAlreadyInUse, TransportFaultKind.AddressInUse)]
    [InlineData(SocketError.AddressNotAvailable, TransportFaultKind.AddressNotAvailable)]
    [InlineData(SocketError.AccessDenied, TransportFaultKind.AddressNotAvailable)]
    [InlineData(SocketError.TooManyOpenSockets, TransportFaultKind.Exhausted)]
    [InlineData(SocketError.NoBufferSpaceAvailable, TransportFaultKind.Exhausted)]
    [InlineData(SocketError.MessageSize, TransportFaultKind.Other)]
    public void A_socket_error_is_classified_and_keeps_the_systems_words(SocketError error, TransportFaultKind kind)
    {
        var fault = SocketFaults.From(error);

        Assert.Equal(kind, fault.Kind);
        Assert.Equal(new SocketException((int)error).Message, fault.ToString());
    }
}
