using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

/// <summary>A listening socket. When accepting fails it pauses, twice as long each time, and tries again.</summary>
internal sealed class PortableListener : ITcpListener, IDisposable
{
    private readonly PortableLoop _loop;
    private readonly Socket _socket;
    private readonly TcpOptions _options;
    private readonly IAcceptHandler _handler;
    private readonly SocketOperation _accept;
    private readonly IDeadline _retry;
    private AcceptPause _pause;
    private bool _isClosed;

    public PortableListener(PortableLoop loop, Socket socket, TcpOptions options, IAcceptHandler handler)
    {
        (_loop, _socket, _options, _handler) = (loop, socket, options, handler);
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _accept = new SocketOperation(loop, OnAcceptEnded);
        _retry = loop.CreateDeadline(() => _accept.Accept(_socket));
        loop.Add(this);
        loop.Counters.OpenListeners++;
        _accept.Accept(socket);
    }

    public IPEndPoint LocalEndPoint { get; }

    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        _retry.Cancel();
        _loop.Remove(this);
        _loop.Counters.OpenListeners--;
        _socket.Dispose();
        _accept.Release();
    }

    public void Dispose() => Close();

    // One connection a turn: the next accept is another turn, so a burst of them shares the loop with everybody else.
    private void OnAcceptEnded()
    {
        if (_isClosed)
        {
            _accept.AcceptSocket?.Dispose();
            return;
        }

        var (error, socket) = (_accept.SocketError, _accept.AcceptSocket);
        if (error == SocketError.Success)
        {
            _pause = default;
            _accept.Accept(_socket);
            Hand(socket!);
        }
        else if (SocketFaults.KindOf(error) == TransportFaultKind.Reset)
        {
            // The peer gave up while it waited (ECONNABORTED): its affair.
            _accept.Accept(_socket);
        }
        else
        {
            _pause = _pause.Longer();
            _retry.Set(_loop.NowMicroseconds + _pause.Microseconds);
            _handler.OnAcceptFailed(SocketFaults.From(error));
        }
    }

    private void Hand(Socket socket)
    {
        var connection = PortableAcceptedConnection.TryCreate(socket, _options);
        if (connection is null)
        {
            return;
        }

        try
        {
            _handler.OnAccepted(connection);
        }
        catch (Exception failure)
        {
            _loop.ReportFailure(failure);
            connection.Refuse();
        }
    }
}
