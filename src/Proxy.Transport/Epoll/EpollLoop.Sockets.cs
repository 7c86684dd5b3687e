using System.Net;
using Proxy.Transport.HandOver;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollLoop
{
    private readonly EpollSources _sources = new();

    public override bool TryListen(IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault)
    {
        ArgumentNullException.ThrowIfNull(localEndPoint);
        ArgumentNullException.ThrowIfNull(options);
        var error = 0;
        if (Settings.Listening is not { } listening || !listening.TryTake(localEndPoint is UnixEndPoint ? ListeningKind.Unix : ListeningKind.Tcp, localEndPoint, out var descriptor))
        {
            error = EpollSockets.Listen(localEndPoint, options, out descriptor);
        }

        listener = null!;
        if (error == 0)
        {
            var opened = new EpollListener(this, descriptor, localEndPoint, options.IsTransparent, handler);
            listener = opened;
            error = opened.Open();
            if (error != 0)
            {
                opened.Close();
            }
        }

        fault = error == 0 ? default : Errno.ToFault(error);
        return error == 0;
    }

    public override IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler) =>
        EpollChannel.Connect(this, remoteEndPoint, options, handler);

    public override IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler) =>
        EpollChannel.Adopt(this, (EpollAcceptedConnection)connection, handler);

    public override bool TryOpenUdp(
        IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault)
    {
        ArgumentNullException.ThrowIfNull(localEndPoint);
        ArgumentNullException.ThrowIfNull(options);
        var error = EpollUdpEndpoint.Open(this, localEndPoint, remoteEndPoint, options, handler, out var opened);
        fault = error == 0 ? default : Errno.ToFault(error);
        endpoint = opened!;
        return error == 0;
    }

    /// <summary>Begins to watch a descriptor for all there is, edge-triggered, once for its life. Gives the error number, or 0.</summary>
    public int Watch(IEpollSource source, int descriptor)
    {
        _sources.Add(source);
        return _epoll.Watch(descriptor, EpollIn | EpollOut | EpollPeerHangUp | EpollEdgeTriggered, source.Token);
    }

    /// <summary>The source closes its descriptor; no event reaches it any more.</summary>
    public void Forget(IEpollSource source) => _sources.Remove(source);
}
