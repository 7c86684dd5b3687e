using System.Net;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Actors.Tests;

/// <summary>A loop on which listening can be made to fail.</summary>
internal sealed class ListenRefusingLoop(SimulatedLoop inner) : IIoLoop
{
    /// <summary>Whether every attempt to listen fails from now on.</summary>
    public bool RefusesToListen { get; set; }

    /// <summary>Whether what is accepted cannot even be asked for its address, which no owner of a listener is prepared for.</summary>
    public bool AcceptsBadly { get; set; }

    public string Name => inner.Name;

    public bool IsCurrent => inner.IsCurrent;

    public long NowMicroseconds => inner.NowMicroseconds;

    public void Post(IThreadPoolWorkItem work) => inner.Post(work);

    public IDeadline CreateDeadline(Action callback) => inner.CreateDeadline(callback);

    public bool TryListen(IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault)
    {
        if (!RefusesToListen)
        {
            return inner.TryListen(localEndPoint, options, AcceptsBadly ? new BadAcceptor(handler) : handler, out listener, out fault);
        }

        listener = null!;
        fault = new TransportFault(TransportFaultKind.Exhausted, "out of descriptors");
        return false;
    }

    public IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler) =>
        inner.Connect(remoteEndPoint, options, handler);

    public IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler) => inner.Adopt(connection, handler);

    public bool TryOpenUdp(
        IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault) =>
        inner.TryOpenUdp(localEndPoint, remoteEndPoint, options, handler, out endpoint, out fault);

    private sealed class BadAcceptor(IAcceptHandler handler) : IAcceptHandler
    {
        public void OnAccepted(IAcceptedConnection connection) => handler.OnAccepted(new BadConnection(connection));

        public void OnAcceptFailed(TransportFault fault) => handler.OnAcceptFailed(fault);
    }

    private sealed class BadConnection(IAcceptedConnection connection) : IAcceptedConnection
    {
        public IPEndPoint RemoteEndPoint => throw new InvalidOperationException("made to fail");

        public IPEndPoint LocalEndPoint => connection.LocalEndPoint;

        public void Refuse() => connection.Refuse();
    }
}
