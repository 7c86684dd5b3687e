using System.Buffers;
using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Socks;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// The socket that a SOCKS client sends its datagrams to (RFC 1928, 7), taken apart by their destinations. Only the client is heard: its address is
/// that of its connection, its port the one that it has told, or the first that something comes from. Fragments are dropped and counted. For the
/// loop's thread only.
/// </summary>
/// <param name="loop">Where it lives.</param>
/// <param name="client">The client's address, and its port; 0: not known yet.</param>
/// <param name="onFlow">Hears of each new destination; called from inside the socket's handler.</param>
internal sealed class SocksAssociation(IIoLoop loop, IPEndPoint client, Action<SocksFlow> onFlow) : IUdpHandler
{
    private readonly Dictionary<Destination, SocksFlow> _flows = [];
    private readonly UInt128 _host = UdpAddress.From(client).Host;
    private UdpAddress _client = UdpAddress.From(client);
    private IUdpEndpoint? _endpoint;

    /// <summary>Datagrams that had no header, or were fragments.</summary>
    public long Malformed { get; private set; }

    /// <summary>Datagrams to more destinations than one client may have at once.</summary>
    public long Overflown { get; private set; }

    /// <summary>Binds to a free port of that address.</summary>
    public bool TryOpen(IPAddress at, out IPEndPoint bound, out TransportFault fault)
    {
        var isOpen = loop.TryOpenUdp(new IPEndPoint(at, 0), null, UdpOptions.Default with { ReceiveBufferBytes = BufferBytes, SendBufferBytes = BufferBytes }, this, out var endpoint, out fault);
        _endpoint = isOpen ? endpoint : null;
        bound = isOpen ? endpoint.LocalEndPoint : client;
        return isOpen;
    }

    /// <summary>Hears nothing more, and ends all flows.</summary>
    public void Close()
    {
        _endpoint?.Close();
        _endpoint = null;
        foreach (var flow in _flows.Values.ToArray())
        {
            flow.End(new TransportFault(TransportFaultKind.Reset, "the client's association is over"));
        }
    }

    public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        if (from.Host != _host || (_client.Port != 0 && from.Port != _client.Port))
        {
            return;
        }

        _client = from;
        while (!datagrams.IsEmpty)
        {
            var datagram = datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)];
            Handle(datagram);
            datagrams = datagrams[datagram.Length..];
        }
    }

    public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
        // Each packet went on by itself.
    }

    public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
    {
        // Of connected sockets only.
    }

    internal UdpSendStatus Send(Destination source, ReadOnlySpan<byte> packet)
    {
        if (_endpoint is not { } endpoint)
        {
            return UdpSendStatus.Failed;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(SocksDatagram.MaxHeaderBytes + packet.Length);
        var length = SocksDatagram.Write(buffer, source);
        packet.CopyTo(buffer.AsSpan(length));
        length += packet.Length;
        var status = endpoint.Send(buffer.AsSpan(0, length), length, _client);
        ArrayPool<byte>.Shared.Return(buffer);
        return status;
    }

    internal void Remove(SocksFlow flow)
    {
        if (_flows.TryGetValue(flow.Destination, out var present) && ReferenceEquals(present, flow))
        {
            _flows.Remove(flow.Destination);
        }
    }

    private void Handle(ReadOnlySpan<byte> datagram)
    {
        if (!SocksDatagram.TryRead(datagram, out var destination, out var packet))
        {
            Malformed++;
            return;
        }

        if (!_flows.TryGetValue(destination, out var flow))
        {
            if (_flows.Count >= MostFlows)
            {
                Overflown++;
                return;
            }

            flow = new SocksFlow(this, loop, destination);
            _flows.Add(destination, flow);
            onFlow(flow);
        }

        flow.Receive(packet);
    }

    // A resolver or a game asks some dozens; each costs a stream of the tunnel and a socket at its end.
    private const int MostFlows = 256;
    private const int BufferBytes = 1024 * 1024;
}
