using System.Net;

namespace Proxy.Transport;

/// <summary>What became of a batch of datagrams. Whatever it was, the batch is gone: UDP promises nothing, the tunnel repeats.</summary>
public enum UdpSendStatus
{
    Sent,

    /// <summary>The socket's buffer is full; some or all of the batch was dropped.</summary>
    WouldBlock,

    /// <summary>An earlier datagram was answered "port unreachable" (connected endpoints only).</summary>
    Refused,

    /// <summary>There is no route there.</summary>
    Unreachable,

    /// <summary>Larger than the path or the system takes.</summary>
    TooLarge,

    /// <summary>Another error; counted by the endpoint.</summary>
    Failed,
}

/// <summary>A UDP socket. For its loop's thread only.</summary>
public interface IUdpEndpoint
{
    /// <summary>The bound address, with the port that was given for port 0.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>
    /// Sends <paramref name="datagrams"/>, which lie back to back: each is <paramref name="segmentSizeBytes"/> long, the last may be shorter.
    /// <paramref name="to"/> is ignored by a connected endpoint.
    /// </summary>
    UdpSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress to);

    /// <summary>While a batch is handled: which of our addresses it was sent to, as <see cref="UdpAddress.Host"/> has it; 0: not known, or the only one.</summary>
    UInt128 ReceivedAt => default;

    /// <summary>While a batch is handled, of a transparent endpoint: where it was sent to; null: that is not known.</summary>
    UdpAddress? OriginalDestination => null;

    /// <summary>Sends one datagram from that one of our addresses; 0: from whichever the system chooses.</summary>
    UdpSendStatus SendFrom(UInt128 host, ReadOnlySpan<byte> datagram, in UdpAddress to) => Send(datagram, Math.Max(1, datagram.Length), to);

    /// <summary>
    /// Tells the system which of the endpoints that share this one's address a datagram is for. False: it cannot, and goes on spreading them by
    /// sender.
    /// </summary>
    bool TrySteer(UdpSteering steering) => false;

    /// <summary>Reads no more, for another process has the same socket, and what arrives is its; sending goes on. Nothing where sockets cannot be handed over.</summary>
    void StopReceiving()
    {
    }

    /// <summary>Closes the socket. No handler call comes after it.</summary>
    void Close();
}

/// <summary>Whom a UDP endpoint tells what arrived, on the loop's thread.</summary>
public interface IUdpHandler
{
    /// <summary>
    /// Datagrams of one sender, back to back, each <paramref name="segmentSizeBytes"/> long, the last may be shorter. The span is the loop's
    /// own buffer: valid during the call only, and the handler's to change.
    /// </summary>
    void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from);

    /// <summary>The reads of one turn are over: the moment to answer them all at once.</summary>
    void OnReceiveTurnEnded(IUdpEndpoint endpoint);

    /// <summary>Something sent earlier was answered by ICMP (connected endpoints only); the endpoint goes on.</summary>
    void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault);
}
