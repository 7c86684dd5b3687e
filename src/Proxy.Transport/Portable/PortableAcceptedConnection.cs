using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed class PortableAcceptedConnection : IAcceptedConnection
{
    private Socket? _socket;

    private PortableAcceptedConnection(Socket socket, UnixEndPoint? place)
    {
        _socket = socket;
        RemoteEndPoint = place is null ? (IPEndPoint)socket.RemoteEndPoint! : UnixEndPoint.Nameless;
        LocalEndPoint = place ?? (IPEndPoint)socket.LocalEndPoint!;
    }

    public IPEndPoint RemoteEndPoint { get; }

    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Null when the peer has reset the connection meanwhile, and its addresses are gone with it.</summary>
    /// <param name="place">Where it was accepted, if that has a path.</param>
    public static PortableAcceptedConnection? TryCreate(Socket socket, UnixEndPoint? place, TcpOptions options)
    {
        try
        {
            TcpSockets.PrepareAccepted(socket, options);
            return new PortableAcceptedConnection(socket, place);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public void Refuse()
    {
        var socket = Interlocked.Exchange(ref _socket, null);
        if (socket is not null)
        {
            TcpSockets.Reset(socket);
        }
    }

    /// <summary>Hands the socket to the loop that adopts it; only one can.</summary>
    public Socket Take() =>
        Interlocked.Exchange(ref _socket, null) ?? throw new InvalidOperationException("The connection was adopted or refused before.");
}
