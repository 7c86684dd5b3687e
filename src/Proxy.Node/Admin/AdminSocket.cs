using System.Net;
using System.Net.Sockets;
using Proxy.Transport.HandOver;

namespace Proxy.Node.Admin;

/// <summary>The admin server's listening socket, which a predecessor may have bound and a successor gets.</summary>
internal static class AdminSocket
{
    /// <param name="asked">The address as the settings have it, by which a successor will look for it.</param>
    /// <param name="listen">Where it is bound, if it was not before.</param>
    /// <exception cref="SocketException">The address is taken.</exception>
    public static Socket Bind(IPEndPoint asked, IPEndPoint listen, ListeningSockets sockets)
    {
        Socket socket;
        if (sockets.TryTake(ListeningKind.Admin, asked, out var descriptor))
        {
            socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        }
        else
        {
            socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(listen);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        sockets.Add(ListeningKind.Admin, asked, (int)socket.Handle);
        return socket;
    }
}
