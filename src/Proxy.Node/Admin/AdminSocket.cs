using System.Net;
using System.Net.Sockets;
using Proxy.Transport.HandOver;

namespace Proxy.Node.Admin;

/// <summary>The admin server's listening socket, which a predecessor may have bound and a successor gets.</summary>
internal static class AdminSocket
{
    /// <param name="listen">The address as the settings have it, by which a successor will look for it.</param>
    /// <param name="isAsked">Whether nothing else will do; else a free port is used where that one is taken.</param>
    /// <exception cref="SocketException">The address is taken.</exception>
    public static Socket Bind(IPEndPoint listen, bool isAsked, ListeningSockets sockets)
    {
        var socket = sockets.TryTake(ListeningKind.Admin, listen, out var descriptor)
            ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))
            : TryBind(listen, isAsked) ?? TryBind(new IPEndPoint(listen.Address, 0), isAsked: true)!;
        sockets.Add(ListeningKind.Admin, listen, (int)socket.Handle);
        return socket;
    }

    private static Socket? TryBind(IPEndPoint listen, bool isAsked)
    {
        var socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(listen);
            return socket;
        }
        catch (SocketException) when (!isAsked)
        {
            socket.Dispose();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
