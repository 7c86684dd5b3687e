using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed class PortableListener : TcpListener
{
    private readonly PortableLoop _loop;
    private readonly Socket _socket;
    private readonly TcpOptions _options;
    private readonly SocketOperation _accept;

    public PortableListener(PortableLoop loop, IPEndPoint asked, Socket socket, TcpOptions options, IAcceptHandler handler)
        : base(loop, asked as UnixEndPoint ?? (IPEndPoint)socket.LocalEndPoint!, handler)
    {
        (_loop, _socket, _options) = (loop, socket, options);
        _accept = new SocketOperation(loop, OnAcceptEnded);
        loop.Add(this);
        Accept();
    }

    protected override void Accept() => _accept.Accept(_socket);

    protected override void CloseSocket()
    {
        _loop.Remove(this);
        _socket.Dispose();
        if (LocalEndPoint is UnixEndPoint place)
        {
            UnixSockets.Forget(place);
        }

        _accept.Release();
    }

    // One connection a turn: the next accept is another turn, so a burst of them shares the loop with everybody else.
    private void OnAcceptEnded()
    {
        if (IsClosed)
        {
            _accept.AcceptSocket?.Dispose();
            return;
        }

        var (error, socket) = (_accept.SocketError, _accept.AcceptSocket);
        if (error == SocketError.Success)
        {
            EndPause();
            Accept();
            if (PortableAcceptedConnection.TryCreate(socket!, LocalEndPoint as UnixEndPoint, _options) is { } connection)
            {
                Hand(connection);
            }
        }
        else if (SocketFaults.KindOf(error) == TransportFaultKind.Reset)
        {
            // The peer gave up while it waited (ECONNABORTED): its affair.
            Accept();
        }
        else
        {
            Pause(SocketFaults.From(error));
        }
    }
}
