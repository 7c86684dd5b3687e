using System.Net;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>A TCP connection on a plain descriptor. The files beside this one hold its directions and its end.</summary>
/// <remarks>
/// A reset is noticed at once, paused or not, and then bytes that nobody has read yet are lost. A channel that is not paused delivers what
/// came before the reset first.
/// </remarks>
internal sealed partial class EpollChannel : EpollSource, IChannel, IThreadPoolWorkItem
{
    private const int NoDescriptor = -1;
    private readonly EpollLoop _loop;
    private int _descriptor;
    private Phase _phase;
    private bool _isTurnPosted;
    private IChannelHandler _handler;

    // Found inside a call into the channel, told in the next turn.
    private TransportFault? _untoldFault;

    private EpollChannel(EpollLoop loop, int descriptor, IChannelHandler handler, Phase phase)
    {
        (_loop, _descriptor, _handler, _phase) = (loop, descriptor, handler, phase);
        _kept = new KeptBytes(loop.Settings.Pool);
        loop.Counters.OpenChannels++;
    }

    public IChannelHandler Handler
    {
        get => _handler;
        set
        {
            ForbidSplice();
            _handler = value;
        }
    }

    public EndPoint? RemoteEndPoint { get; private set; }

    public EndPoint? LocalEndPoint { get; private set; }

    public static EpollChannel Connect(EpollLoop loop, IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler)
    {
        // IPv4 in IPv6's clothes is not reachable from an IPv6-only socket, and is meant as IPv4.
        var remote = remoteEndPoint.Address.IsIPv4MappedToIPv6
            ? new IPEndPoint(remoteEndPoint.Address.MapToIPv4(), remoteEndPoint.Port)
            : remoteEndPoint;
        var error = EpollSockets.Create(remote.AddressFamily, StreamNonBlocking, out var descriptor);
        var channel = new EpollChannel(loop, descriptor, handler, Phase.Connecting) { RemoteEndPoint = remote };
        if (error == 0)
        {
            EpollSockets.Apply(descriptor, options);
            error = EpollSockets.Connect(descriptor, remote);
        }

        // Watched only now: a socket that does not connect yet counts as hung up.
        if (error is 0 or Errno.InProgress)
        {
            error = loop.Watch(channel, descriptor);
        }

        if (error != 0)
        {
            channel.FailInNextTurn(Errno.ToFault(error));
        }

        return channel;
    }

    public static EpollChannel Adopt(EpollLoop loop, EpollAcceptedConnection connection, IChannelHandler handler)
    {
        var channel = new EpollChannel(loop, connection.Take(), handler, Phase.Open)
        {
            RemoteEndPoint = connection.RemoteEndPoint,
            LocalEndPoint = connection.LocalEndPoint,
        };
        var error = loop.Watch(channel, channel._descriptor);
        if (error != 0)
        {
            channel.FailInNextTurn(Errno.ToFault(error));
        }

        return channel;
    }

    public override void OnEvents(uint events)
    {
        try
        {
            if (_phase == Phase.Connecting && !TryFinishConnecting())
            {
                return;
            }

            NoteReadiness(events);
            if ((events & EpollOut) != 0 && !_hasError)
            {
                SendKept();
            }

            Go();
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    /// <summary>A turn that was asked for by a command: tells a fault, goes on lingering, or reads.</summary>
    public void Execute()
    {
        _isTurnPosted = false;
        try
        {
            if (_untoldFault is { } fault)
            {
                Fail(fault);
            }
            else
            {
                Go();
            }
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    /// <summary>False: it has failed, and whoever wants to know has been told.</summary>
    private bool TryFinishConnecting()
    {
        var error = EpollSockets.TakeError(_descriptor);
        if (error != 0)
        {
            Fail(Errno.ToFault(error));
            return false;
        }

        _phase = Phase.Open;
        LocalEndPoint = NativeAddress.OfSocket(_descriptor);
        ShutdownWhenSent();
        if (_isClosing)
        {
            BeginLinger();
        }
        else
        {
            _handler.OnConnected(this);
        }

        return _phase != Phase.Gone;
    }

    /// <summary>Reads what may be read; then looks for a reset that reading does not find, because nobody reads.</summary>
    private void Go()
    {
        ReadOrDiscard();
        if (_hasError && _phase != Phase.Gone && (!MayRead || _hasPeerEnded))
        {
            FailIfReset();
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

        /// <summary>The descriptor is closed.</summary>
        Gone,
    }
}
