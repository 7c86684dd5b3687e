using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>
/// A port that was free a moment ago, for programs that cannot choose one themselves. None of those that the system gives to whoever asks for any:
/// somebody's socket would have it before the program has.
/// </summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int _next = Environment.ProcessId * 31 % Count;

    public static IPEndPoint ForTcp() => Of(SocketType.Stream, ProtocolType.Tcp);

    public static IPEndPoint ForUdp() => Of(SocketType.Dgram, ProtocolType.Udp);

    private static IPEndPoint Of(SocketType type, ProtocolType protocol)
    {
        for (var tries = 0; ; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return (IPEndPoint)socket.LocalEndPoint!;
            }
            catch (SocketException) when (tries < Count)
            {
                // Taken: the next one.
            }
        }
    }
}
