using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

/// <summary>A TCP connection on a .NET socket. The files beside this one hold its directions and its end.</summary>
/// <remarks>
/// A reset is noticed while nothing is waiting to be read, and on sending. While received bytes wait (paused), or after the peer's end of
/// stream, .NET has nothing to wait for, and a reset shows at the next read or send.
/// </remarks>
internal sealed partial class PortableChannel : IChannel, IThreadPoolWorkItem, IDisposable
{
    private readonly PortableLoop _loop;
    private readonly Socket? _socket;
    private readonly SocketOperation _receive;
    private SocketOperation? _send;
    private Phase _phase;
    private bool _isTurnPosted;

    // Found inside a call into the channel, told in the next turn.
    private TransportFault? _untoldFault;

    private PortableChannel(PortableLoop loop, Socket? socket, IChannelHandler handler, Phase phase)
    {
        (_loop, _socket, Handler, _phase) = (loop, socket, handler, phase);
        _kept = new KeptBytes(loop.Settings.Pool);
        _receive = new SocketOperation(loop, OnReadable);
        loop.Add(this);
        loop.Counters.OpenChannels++;
    }

    public IChannelHandler Handler { get; set; }

    public EndPoint? RemoteEndPoint { get; private set; }

    public EndPoint? LocalEndPoint { get; private set; }

    public static PortableChannel Connect(PortableLoop loop, IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler)
    {
        Socket? socket = null;
        TransportFault? fault = null;
        try
        {
            remoteEndPoint = TcpSockets.Unmapped(remoteEndPoint);
            socket = TcpSockets.Create(remoteEndPoint.AddressFamily, options);
        }
        catch (SocketException failure)
        {
            fault = SocketFaults.From(failure.SocketErrorCode);
        }

        var channel = new PortableChannel(loop, socket, handler, Phase.Connecting) { RemoteEndPoint = remoteEndPoint };
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
        var channel = new PortableChannel(loop, connection.Take(), handler, Phase.Open)
        {
            RemoteEndPoint = connection.RemoteEndPoint,
            LocalEndPoint = connection.LocalEndPoint,
        };
        channel.AwaitReadable();
        return channel;
    }

    /// <summary>A turn that was asked for by a command: tells a fault, goes on lingering, or reads.</summary>
    public void Execute()
    {
        _isTurnPosted = false;
        try
        {
            if (_phase == Phase.Gone)
            {
                return;
            }

            if (_untoldFault is { } fault)
            {
                Fail(fault);
            }
            else
            {
                ReadOrDiscard();
            }
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    private void BeginConnect(IPEndPoint remoteEndPoint)
    {
        _send = new SocketOperation(_loop, OnConnectOrSendEnded) { RemoteEndPoint = remoteEndPoint };
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
            switch (_phase)
            {
                case Phase.Gone:
                    _kept.Clear();
                    break;
                case Phase.Connecting:
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

        _phase = Phase.Open;
        LocalEndPoint = _socket!.LocalEndPoint;
        AwaitReadable();
        SendKept();
        if (_isClosing)
        {
            BeginLinger();
        }
        else
        {
            Handler.OnConnected(this);
        }
    }

    private void PostTurn()
    {
        if (!_isTurnPosted)
        {
            _isTurnPosted = true;
            _loop.Post(this);
        }
    }

    private enum Phase
    {
        Connecting,
        Open,

        /// <summary>Closed by its owner: kept bytes and the FIN go out, nobody is told anything any more.</summary>
        Lingering,

        /// <summary>The socket is closed.</summary>
        Gone,
    }
}
