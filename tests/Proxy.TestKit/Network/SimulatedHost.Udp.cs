using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

public sealed partial class SimulatedHost
{
    private readonly PortTable<SimulatedUdpEndpoint> _udp;

    public int OpenUdpEndpoints => _udp.Count;

    /// <summary>Datagrams that a full receive queue of this host did not take.</summary>
    public long OverflownDatagrams { get; internal set; }

    internal bool TryOpenUdp(IPEndPoint local, SimulatedUdpEndpoint endpoint, bool isShared, out TransportFault fault)
    {
        if (!_udp.TryBind(local, endpoint, isShared, out var bound, out fault))
        {
            return false;
        }

        endpoint.Open(bound);
        return true;
    }

    internal void Unbind(SimulatedUdpEndpoint endpoint) => _udp.Unbind(endpoint.LocalEndPoint, endpoint);

    internal void SendDatagram(SimulatedUdpEndpoint sender, SimulatedHost target, IPEndPoint from, IPEndPoint to, ReadOnlyMemory<byte> bytes)
    {
        var (source, destination) = (UdpAddress.From(from), UdpAddress.From(to));
        World.Network.Carry(
            PacketKind.Datagram, this, target, source, destination, bytes,
            arrive: () => target.ReceiveDatagram(this, sender, source, destination, to, bytes));
    }

    private void ReceiveDatagram(
        SimulatedHost from, SimulatedUdpEndpoint sender, UdpAddress source, UdpAddress destination, IPEndPoint to, ReadOnlyMemory<byte> bytes)
    {
        var endpoint = _udp.Find(to, source.Port);
        if (endpoint is not null && endpoint.Accepts(source))
        {
            endpoint.Receive(source, bytes);
        }
        else if (AnswersPortUnreachable)
        {
            World.Network.Carry(
                PacketKind.PortUnreachable, this, from, destination, source, ReadOnlyMemory<byte>.Empty, arrive: () => sender.Refuse(destination));
        }
    }

    private void DropDatagramSockets() => _udp.Clear();
}
