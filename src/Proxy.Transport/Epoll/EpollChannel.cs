using System.Net;
using System.Net.Sockets;
using Proxy.Transport.Relays;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>A TCP connection on a plain descriptor. The files beside this one hold its directions and its end.</summary>
/// <remarks>
/// A reset is noticed at once, paused or not, and then bytes that nobody has read yet are lost. A channel that is not paused delivers what
/// came before the reset first.
/// </remarks>
internal sealed partial class EpollChannel : TcpChannel, IEpollSource, IEndForesight, IPatientSink, ICrashReset
{
    private const int NoDescriptor = -1;
    private readonly EpollLoop _loop;
    private int _descriptor;
    private EndPoint? _localEndPoint;
    private bool _isResetOnCrash;

    // What a dialled connection is still to be given.
    private TcpOptions? _options;

    private EpollChannel(EpollLoop loop, int descriptor, IChannelHandler handler, ChannelPhase phase)
        : base(loop, handler, phase) => (_loop, _descriptor) = (loop, descriptor);

    public ulong Token { get; set; }

    /// <summary>Of <see cref="YoungConnections"/>.</summary>
    public YoungConnections.Place Young;

    // Few ask for the address that the kernel chose, and each question is a call.
    public override EndPoint? LocalEndPoint =>
        _localEndPoint ??= Phase is ChannelPhase.Connecting or ChannelPhase.Gone ? null : NativeAddress.OfSocket(_descriptor);

    public static EpollChannel Connect(EpollLoop loop, IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler)
    {
        var isUnix = remoteEndPoint is UnixEndPoint;

        // IPv4 in IPv6's clothes is not reachable from an IPv6-only socket, and is meant as IPv4.
        var remote = remoteEndPoint.Address.IsIPv4MappedToIPv6
            ? new IPEndPoint(remoteEndPoint.Address.MapToIPv4(), remoteEndPoint.Port)
            : remoteEndPoint;
        var error = EpollSockets.Create(isUnix ? AddressFamily.Unix : remote.AddressFamily, StreamNonBlocking, out var descriptor);
        var channel = new EpollChannel(loop, descriptor, handler, ChannelPhase.Connecting) { RemoteEndPoint = remote };
        if (error == 0)
        {
            EpollSockets.ApplyAtOnce(descriptor, options);
            error = options.Source is { } source && !isUnix ? EpollSockets.BindSource(descriptor, source) : 0;
            error = error == 0 ? EpollSockets.Connect(descriptor, remote) : error;
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
        else
        {
            channel._options = options;
            loop.Young.Add(channel);
        }

        return channel;
    }

    public static EpollChannel Adopt(EpollLoop loop, EpollAcceptedConnection connection, IChannelHandler handler)
    {
        var channel = new EpollChannel(loop, connection.Take(), handler, ChannelPhase.Open)
        {
            RemoteEndPoint = connection.RemoteEndPoint,
            _localEndPoint = connection.LocalEndPoint,
        };
        var error = loop.Watch(channel, channel._descriptor);
        if (error != 0)
        {
            channel.FailInNextTurn(Errno.ToFault(error));
        }

        return channel;
    }

    public void OnEvents(uint events)
    {
        try
        {
            if (Phase == ChannelPhase.Connecting && !TryFinishConnecting(events))
            {
                return;
            }

            NoteReadiness(events);
            if ((events & EpollOut) != 0 && !_hasError)
            {
                SendKept();
            }

            ReadTurn();
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    /// <summary>The connection has lived long enough to be worth it.</summary>
    public void ApplyPatience() => EpollSockets.ApplyPatience(_descriptor, _options!);

    /// <summary>Reads what may be read; then looks for a reset that reading does not find, because nobody reads.</summary>
    protected override void ReadTurn()
    {
        base.ReadTurn();
        if (_hasError && Phase != ChannelPhase.Gone && (!MayRead || HasPeerEnded))
        {
            FailIfReset();
        }
    }

    public void ResetOnCrash()
    {
        if (_descriptor != NoDescriptor && Phase != ChannelPhase.Gone)
        {
            _isResetOnCrash = true;
            EpollSockets.SetResetOnClose(_descriptor, true);
        }
    }

    protected override void OnHandlerLeaves() => ForbidSplice();

    protected override void CloseSocket(bool withReset)
    {
        _loop.Forget(this);
        _loop.Young.Remove(this);
        Kept.Clear();
        ReleasePipes();
        if (_descriptor == NoDescriptor)
        {
            return;
        }

        if (withReset)
        {
            EpollSockets.Reset(_descriptor);
        }
        else
        {
            if (_isResetOnCrash)
            {
                EpollSockets.SetResetOnClose(_descriptor, false);
            }

            Libc.Close(_descriptor);
        }

        _descriptor = NoDescriptor;
    }

    /// <summary>False: it has failed, and whoever wants to know has been told.</summary>
    private bool TryFinishConnecting(uint events)
    {
        var error = (events & (EpollError | EpollHangUp)) == 0 ? 0 : EpollSockets.TakeError(_descriptor);
        if (error != 0)
        {
            Fail(Errno.ToFault(error));
            return false;
        }

        HandleConnected();
        return Phase != ChannelPhase.Gone;
    }
}
