using System.Net;
using System.Net.Sockets;
using Proxy.Transport.HandOver;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// A UDP socket on a plain descriptor. Equal datagrams cross the kernel as one where <see cref="UdpOffload"/> has found that it can; else
/// a call each, in both directions.
/// </summary>
internal sealed partial class EpollUdpEndpoint : IUdpEndpoint, IEpollSource, IThreadPoolWorkItem
{
    private readonly EpollLoop _loop;
    private readonly IUdpHandler _handler;
    private readonly bool _isIPv4;

    // The other end, of a connected endpoint.
    private readonly UdpAddress? _remote;
    private int _descriptor;

    // What arrives is left to another process that has the socket.
    private bool _isDeaf;

    private EpollUdpEndpoint(EpollLoop loop, int descriptor, IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, IUdpHandler handler)
    {
        (_loop, _descriptor, _handler, LocalEndPoint) = (loop, descriptor, handler, localEndPoint);
        _isIPv4 = localEndPoint.AddressFamily == AddressFamily.InterNetwork;
        _remote = remoteEndPoint is null ? null : UdpAddress.From(remoteEndPoint);
        loop.Counters.OpenEndpoints++;
    }

    public ulong Token { get; set; }

    public IPEndPoint LocalEndPoint { get; }

    /// <summary>The receive buffer that the kernel gave, in the unit in which it was asked for.</summary>
    public int GrantedReceiveBufferBytes { get; private init; }

    /// <summary>Sends that failed for a reason of their own (<see cref="UdpSendStatus.Failed"/>).</summary>
    public long FailedSends { get; private set; }

    /// <summary>Whether equal datagrams are given to the kernel as one.</summary>
    public bool IsSegmenting { get; private set; }

    /// <summary>Whether the kernel gives equal datagrams of one sender as one.</summary>
    public bool IsJoining { get; private init; }

    public UInt128 ReceivedAt { get; private set; }

    public UdpAddress? OriginalDestination { get; private set; }

    private bool IsTransparent { get; init; }

    /// <summary>Whether the kernel says which of our addresses a datagram was sent to.</summary>
    private bool TellsOwnAddress { get; init; }

    private bool IsClosed => _descriptor < 0;

    public static int Open(
        EpollLoop loop, IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out EpollUdpEndpoint? endpoint)
    {
        endpoint = null;
        var listening = options.ListeningAs is null ? null : loop.Settings.Listening;
        var error = 0;
        var descriptor = -1;
        var isGiven = listening?.TryTake(ListeningKind.Udp, options.ListeningAs!, out descriptor) ?? false;
        if (!isGiven)
        {
            error = EpollSockets.Create(localEndPoint.AddressFamily, DatagramNonBlocking, out descriptor);
            if (error != 0)
            {
                return error;
            }
        }

        var grantedBytes = SetBuffers(descriptor, options);
        if (options.SharePort && !isGiven)
        {
            EpollSockets.SetOption(descriptor, SocketLevel, ReusePort, 1);
        }

        if (options.IsTransparent && !isGiven)
        {
            error = EpollSockets.BeTransparent(descriptor, localEndPoint.AddressFamily);
            EpollSockets.SetOption(descriptor, SocketLevel, ReuseAddress, remoteEndPoint is null ? 0 : 1);
        }

        error = isGiven || error != 0 ? error : EpollSockets.Bind(descriptor, localEndPoint);
        if (error == 0 && remoteEndPoint is not null)
        {
            error = EpollSockets.Connect(descriptor, remoteEndPoint);
        }

        if (error != 0 || NativeAddress.OfSocket(descriptor) is not { } bound)
        {
            Libc.Close(descriptor);
            return error;
        }

        if (grantedBytes < options.ReceiveBufferBytes)
        {
            LoopLog.SmallReceiveBuffer(loop.Settings.Logger, loop.Name, bound.ToString(), options.ReceiveBufferBytes, grantedBytes);
        }

        endpoint = new EpollUdpEndpoint(loop, descriptor, bound, remoteEndPoint, handler)
        {
            GrantedReceiveBufferBytes = grantedBytes,
            IsSegmenting = loop.Settings.UdpOffload && UdpOffload.Segmenting,
            IsTransparent = options.IsTransparent && remoteEndPoint is null && PacketInfo.TryAskForDestination(descriptor, localEndPoint.AddressFamily == AddressFamily.InterNetwork),
            TellsOwnAddress = options.TellsOwnAddress && bound.Address.Equals(localEndPoint.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any)
                && PacketInfo.TryAskFor(descriptor, localEndPoint.AddressFamily == AddressFamily.InterNetwork),
            IsJoining = loop.Settings.UdpOffload && UdpOffload.Joining && EpollSockets.SetOption(descriptor, UdpLevel, UdpGro, 1),
        };
        listening?.Add(ListeningKind.Udp, options.ListeningAs!, descriptor);
        error = loop.Watch(endpoint, descriptor);
        if (error != 0)
        {
            endpoint.Close();
        }

        return error;
    }

    public void StopReceiving() => _isDeaf = true;

    public bool TrySteer(UdpSteering steering) => !IsClosed && SocketFilter.Attach(_descriptor, steering) == 0;

    public void OnEvents(uint events)
    {
        if ((events & (EpollIn | EpollError | EpollHangUp)) != 0)
        {
            ReceiveTurn();
        }
    }

    /// <summary>The turn after many reads.</summary>
    public void Execute() => ReceiveTurn();

    public void Dispose() => Close();

    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        _loop.Forget(this);
        _loop.Counters.OpenEndpoints--;
        _loop.Settings.Listening?.Remove(_descriptor);
        Libc.Close(_descriptor);
        _descriptor = -1;
    }

    // A privileged process may ask for more than the system's limit. Linux counts its own overhead in, and answers twice what it was asked for.
    private static int SetBuffers(int descriptor, UdpOptions options)
    {
        if (!EpollSockets.SetOption(descriptor, SocketLevel, ReceiveBufferForce, options.ReceiveBufferBytes))
        {
            EpollSockets.SetOption(descriptor, SocketLevel, ReceiveBuffer, options.ReceiveBufferBytes);
        }

        if (!EpollSockets.SetOption(descriptor, SocketLevel, SendBufferForce, options.SendBufferBytes))
        {
            EpollSockets.SetOption(descriptor, SocketLevel, SendBuffer, options.SendBufferBytes);
        }

        return EpollSockets.GetOption(descriptor, SocketLevel, ReceiveBuffer) / 2;
    }
}
