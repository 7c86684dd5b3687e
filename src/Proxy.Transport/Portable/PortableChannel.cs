using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

/// <summary>A TCP connection on a .NET socket. The files beside this one hold its directions and its end.</summary>
/// <remarks>
/// A reset is noticed while nothing is waiting to be read, and on sending. While received bytes wait (paused), or after the peer's end of
/// stream, .NET has nothing to wait for, and a reset shows at the next read or send.
/// </remarks>
internal sealed partial class PortableChannel : TcpChannel
{
    private readonly PortableLoop _loop;
    private readonly Socket? _socket;
    private readonly SocketOperation _receive;
    private SocketOperation? _send;
    private EndPoint? _localEndPoint;

    private PortableChannel(PortableLoop loop, Socket? socket, IChannelHandler handler, ChannelPhase phase)
        : base(loop, handler, phase)
    {
        (_loop, _socket) = (loop, socket);
        _receive = new SocketOperation(loop, OnReadable);
        loop.Add(this);
    }

    public override EndPoint? LocalEndPoint => _localEndPoint;

    public static PortableChannel Connect(PortableLoop loop, IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler)
    {
        Socket? socket = null;
        TransportFault? fault = null;
        try
        {
            remoteEndPoint = TcpSockets.Unmapped(remoteEndPoint);
            var isUnix = remoteEndPoint is UnixEndPoint;
            socket = isUnix ? UnixSockets.Create() : TcpSockets.Create(remoteEndPoint.AddressFamily, options);
            if (options.Source is { } source && !isUnix)
            {
                socket.Bind(new IPEndPoint(source, 0));
            }
        }
        catch (SocketException failure)
        {
            fault = SocketFaults.From(failure.SocketErrorCode);
        }

        var channel = new PortableChannel(loop, socket, handler, ChannelPhase.Connecting) { RemoteEndPoint = remoteEndPoint };
        if (fault is null)
        {
            channel.BeginConnect(remoteEndPoint);
        }
        else
        {
            channel.FailInNextTurn(fault.Value);
        }

        return channel;
    }

    public static PortableChannel Adopt(PortableLoop loop, PortableAcceptedConnection connection, IChannelHandler handler)
    {
        var channel = new PortableChannel(loop, connection.Take(), handler, ChannelPhase.Open)
        {
            RemoteEndPoint = connection.RemoteEndPoint,
            _localEndPoint = connection.LocalEndPoint,
        };
        channel.AwaitReadable();
        return channel;
    }

    protected override void CloseSocket(bool withReset)
    {
        _loop.Remove(this);
        if (withReset && _socket is not null)
        {
            TcpSockets.Reset(_socket);
        }
        else
        {
            _socket?.Dispose();
        }

        // The kernel may still read a buffer of a send that is under way; its end gives the buffers back.
        if (_send is not { IsPending: true })
        {
            Kept.Clear();
        }

        _send?.Release();
        _receive.Release();
    }

    private void BeginConnect(IPEndPoint remoteEndPoint)
    {
        _send = new SocketOperation(_loop, OnConnectOrSendEnded) { RemoteEndPoint = remoteEndPoint is UnixEndPoint place ? new UnixDomainSocketEndPoint(place.Path) : remoteEndPoint };
        try
        {
            _send.Connect(_socket!);
        }
        catch (SocketException failure)
        {
            FailInNextTurn(SocketFaults.From(failure.SocketErrorCode));
        }
    }

    // Connecting and sending never overlap, so they share one operation.
    private void OnConnectOrSendEnded()
    {
        try
        {
            switch (Phase)
            {
                case ChannelPhase.Gone:
                    Kept.Clear();
                    break;
                case ChannelPhase.Connecting:
                    OnConnectEnded();
                    break;
                default:
                    OnSendEnded();
                    break;
            }
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    private void OnConnectEnded()
    {
        if (_send!.SocketError != SocketError.Success)
        {
            Fail(SocketFaults.From(_send.SocketError));
            return;
        }

        _localEndPoint = _socket!.LocalEndPoint;
        HandleConnected();
        if (Phase != ChannelPhase.Gone)
        {
            AwaitReadable();
            OnKept();
        }
    }
}
