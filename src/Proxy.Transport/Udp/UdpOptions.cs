using System.Net;

namespace Proxy.Transport;

/// <summary>What is set on a UDP socket before it is used.</summary>
public sealed record UdpOptions
{
    public static readonly UdpOptions Default = new();

    /// <summary>
    /// The address as the settings have it, if strangers are awaited there: then a successor of this process gets the socket under this name, and one
    /// that a predecessor gave is used (<see cref="LoopSettings.Listening"/>). Null: nobody else is to have it.
    /// </summary>
    public IPEndPoint? ListeningAs { get; init; }

    /// <summary>Receive buffer asked of the kernel. 4 MiB: a tunnel's window must fit, for loopback drops without a word.</summary>
    public int ReceiveBufferBytes { get; init; } = 4 << 20;

    /// <summary>Send buffer asked of the kernel.</summary>
    public int SendBufferBytes { get; init; } = 4 << 20;

    /// <summary>
    /// Whether several endpoints may have the same address, one per loop; the system spreads datagrams over them, those of one sender always to
    /// the same (SO_REUSEPORT). All of them must say so. Where the system cannot do that, the second is refused as "in use".
    /// </summary>
    public bool SharePort { get; init; }

    /// <summary>
    /// As <see cref="TcpOptions.IsTransparent"/>: what a datagram's destination was, <see cref="IUdpEndpoint.OriginalDestination"/> says; and the
    /// endpoint may be bound to an address that is not this machine's, and to one that others are bound to.
    /// </summary>
    public bool IsTransparent { get; init; }

    /// <summary>
    /// Whether <see cref="IUdpEndpoint.ReceivedAt"/> is wanted, where the socket has all of the machine's addresses. Linux's backend knows it; others
    /// leave it to the system which address they answer from.
    /// </summary>
    public bool TellsOwnAddress { get; init; }
}
