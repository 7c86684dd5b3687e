namespace Proxy.Transport;

/// <summary>
/// A flow of datagrams with one other side, whatever carries it: a connected socket, the packets beside a stream of a tunnel, a chain of hops.
/// For its loop's thread only.
/// </summary>
public interface IDatagramChannel
{
    IIoLoop Loop { get; }

    IDatagramHandler Handler { get; set; }

    /// <summary>Sends one datagram, whole or not at all. Whatever the answer, it is gone.</summary>
    UdpSendStatus Send(ReadOnlySpan<byte> datagram);

    /// <summary>Ends the flow. No handler call comes after it.</summary>
    void Close();
}

/// <summary>Whom a flow tells what arrived, on the loop's thread.</summary>
public interface IDatagramHandler
{
    /// <summary>One datagram, perhaps empty. The span is valid during the call only, and the handler's to change.</summary>
    void OnDatagram(IDatagramChannel channel, Span<byte> datagram);

    /// <summary>
    /// The other side cannot be reached now (ICMP refused), or the flow has ended under its owner: <paramref name="isOver"/>, the last call then.
    /// </summary>
    void OnFault(IDatagramChannel channel, TransportFault fault, bool isOver);
}
