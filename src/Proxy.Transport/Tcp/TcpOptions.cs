using System.Net;

namespace Proxy.Transport;

/// <summary>What is set on a TCP socket before it is used.</summary>
public sealed record TcpOptions
{
    public static readonly TcpOptions Default = new();

    /// <summary>Whether small writes go at once (TCP_NODELAY). On: a proxy never knows better than its application.</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>Idle time after which the kernel probes the peer (SO_KEEPALIVE); zero turns probing off.</summary>
    public TimeSpan KeepAliveIdle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT); zero leaves it to the kernel.</summary>
    public TimeSpan UserTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How many bytes that are not sent yet the kernel takes (TCP_NOTSENT_LOWAT, on Linux); 0 leaves it to the kernel. What is beyond waits with
    /// the sender, who can still put something else before it.
    /// </summary>
    public int UnsentBytes { get; init; }

    /// <summary>
    /// Whether several listeners may have the same address, one per loop; the kernel spreads connections over them (SO_REUSEPORT). All of them
    /// must say so. It does not keep connections when one of them closes: those that wait at it are lost.
    /// </summary>
    public bool SharePort { get; init; }

    /// <summary>
    /// Whether the listener takes what the packet filter gives it whatever its destination is (IP_TRANSPARENT, Linux; needs CAP_NET_ADMIN): the local
    /// address of a connection is then where its client wanted to go.
    /// </summary>
    public bool IsTransparent { get; init; }

    /// <summary>Which of this machine's addresses a connection goes out from; null: the system chooses.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>Connections that may wait to be accepted.</summary>
    public int Backlog { get; init; } = 1024;
}
