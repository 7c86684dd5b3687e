using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed partial class PortableLoop
{
    private readonly HashSet<IDisposable> _open = [];

    public override bool TryListen(IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault)
    {
        try
        {
            listener = new PortableListener(this, localEndPoint, TcpSockets.Listen(localEndPoint, options), options, handler);
            fault = default;
            return true;
        }
        catch (SocketException failure)
        {
            listener = null!;
            fault = SocketFaults.From(failure.SocketErrorCode);
            return false;
        }
    }

    public override IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler) =>
        PortableChannel.Connect(this, remoteEndPoint, options, handler);

    public override IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler) =>
        PortableChannel.Adopt(this, (PortableAcceptedConnection)connection, handler);

    public override bool TryOpenUdp(
        IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault)
    {
        try
        {
            endpoint = PortableUdpEndpoint.Open(this, localEndPoint, remoteEndPoint, options, handler);
            fault = default;
            return true;
        }
        catch (SocketException failure)
        {
            endpoint = null!;
            fault = SocketFaults.From(failure.SocketErrorCode);
            return false;
        }
    }

    public void Add(IDisposable resource) => _open.Add(resource);

    public void Remove(IDisposable resource) => _open.Remove(resource);
}
