using System.Net;

namespace Proxy.Transport;

/// <summary>
/// One I/O loop: it owns sockets and deadlines, and calls their handlers on its one thread, a turn at a time. A turn is short and never
/// blocks. Everything but <see cref="Post"/>, <see cref="IsCurrent"/> and <see cref="Name"/> is for the loop's own thread only.
/// </summary>
/// <remarks>
/// The contract speaks of what has happened, not of readiness: bytes were received, kept bytes have gone. A backend may learn that from
/// readiness (epoll) or from completions (io_uring, .NET sockets). All backends pass the same contract tests. No handler is ever called from
/// inside a call into the loop: it is called in a later turn.
/// </remarks>
public interface IIoLoop
{
    /// <summary>For logs: `loop-0`.</summary>
    string Name { get; }

    /// <summary>Whether the calling thread is this loop's.</summary>
    bool IsCurrent { get; }

    /// <summary>A monotonic clock in microseconds, read once per turn.</summary>
    long NowMicroseconds { get; }

    /// <summary>
    /// Runs <paramref name="work"/> once, in a turn of this loop, after what was posted before it. From any thread. Posted in a turn of another
    /// loop, it may wait until that turn and a few more are over.
    /// </summary>
    void Post(IThreadPoolWorkItem work);

    /// <summary>A deadline of this loop, not armed yet; <paramref name="callback"/> runs on the loop when it has passed.</summary>
    IDeadline CreateDeadline(Action callback);

    /// <summary>Binds and listens; the listener accepts from the start. False: <paramref name="fault"/> says why.</summary>
    bool TryListen(IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault);

    /// <summary>
    /// Begins to connect. Ends in <see cref="IChannelHandler.OnConnected"/> or <see cref="IChannelHandler.OnFailed"/>, whatever goes wrong;
    /// there is no deadline of its own: the owner aborts the channel when its time is up.
    /// </summary>
    IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler);

    /// <summary>Takes over a connection that a listener (of any loop of the same backend) accepted. Receiving starts paused.</summary>
    IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler);

    /// <summary>
    /// Opens a UDP endpoint, connected when <paramref name="remoteEndPoint"/> is given (only then are ICMP refusals reported). False:
    /// <paramref name="fault"/> says why.
    /// </summary>
    bool TryOpenUdp(
        IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault);
}
