using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A port that was free a moment ago, for programs that cannot choose one themselves.</summary>
internal static class FreePort
{
    public static IPEndPoint ForTcp() => Of(SocketType.Stream, ProtocolType.Tcp);

    public static IPEndPoint ForUdp() => Of(SocketType.Dgram, ProtocolType.Udp);

    private static IPEndPoint Of(SocketType type, ProtocolType protocol)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
