using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

/// <summary>A UDP socket of .NET: a call per datagram, in both directions.</summary>
internal sealed partial class PortableUdpEndpoint : IUdpEndpoint, IThreadPoolWorkItem, IDisposable
{
    private readonly PortableLoop _loop;
    private readonly Socket _socket;
    private readonly IUdpHandler _handler;

    // The other end, of a connected endpoint.
    private readonly UdpAddress? _remote;
    private readonly SocketOperation _receive;
    private readonly SocketAddress _from;
    private readonly SocketAddress _to;
    private bool _isClosed;

    private PortableUdpEndpoint(PortableLoop loop, Socket socket, IPEndPoint? remoteEndPoint, IUdpHandler handler)
    {
        (_loop, _socket, _handler) = (loop, socket, handler);
        _remote = remoteEndPoint is null ? null : UdpAddress.From(remoteEndPoint);
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        (_from, _to) = (new SocketAddress(socket.AddressFamily), new SocketAddress(socket.AddressFamily));
        _receive = new SocketOperation(loop, OnReadable);
        loop.Add(this);
        loop.Counters.OpenEndpoints++;
        _receive.WaitReadable(socket);
    }

    public IPEndPoint LocalEndPoint { get; }

    /// <summary>The receive buffer that the kernel gave, in the unit in which it was asked for.</summary>
    public int GrantedReceiveBufferBytes { get; private init; }

    /// <summary>Sends that failed for a reason of their own (<see cref="UdpSendStatus.Failed"/>).</summary>
    public long FailedSends { get; private set; }

    public static PortableUdpEndpoint Open(
        PortableLoop loop, IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler)
    {
        var socket = new Socket(localEndPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Blocking = false;
            if (localEndPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.ReceiveBufferSize = options.ReceiveBufferBytes;
            socket.SendBufferSize = options.SendBufferBytes;
            if (options.SharePort && !OperatingSystem.IsWindows())
            {
                // To .NET, on Unix, that means SO_REUSEPORT as well; on Windows the last to bind would take everything.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }

            socket.Bind(localEndPoint);
            if (remoteEndPoint is not null)
            {
                socket.Connect(remoteEndPoint);
            }

            // Linux counts its own overhead in, and answers twice what it was asked for.
            var grantedBytes = OperatingSystem.IsLinux() ? socket.ReceiveBufferSize / 2 : socket.ReceiveBufferSize;
            if (grantedBytes < options.ReceiveBufferBytes)
            {
                var name = socket.LocalEndPoint!.ToString()!;
                LoopLog.SmallReceiveBuffer(loop.Settings.Logger, loop.Name, name, options.ReceiveBufferBytes, grantedBytes);
            }

            return new PortableUdpEndpoint(loop, socket, remoteEndPoint, handler) { GrantedReceiveBufferBytes = grantedBytes };
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        _loop.Remove(this);
        _loop.Counters.OpenEndpoints--;
        _socket.Dispose();
        _receive.Release();
    }

    public void Dispose() => Close();
}
