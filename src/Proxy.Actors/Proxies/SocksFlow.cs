using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What a SOCKS client sends to one destination, and what comes back from there. For the loop's thread only.</summary>
internal sealed class SocksFlow(SocksAssociation association, IIoLoop loop, Destination destination)
    : PacketChannel(loop, TunnelStreamChannel.Nobody), IAskedClient
{
    public Destination Destination { get; } = destination;

    public override EndPoint? RemoteEndPoint => null;

    public override EndPoint? LocalEndPoint => null;

    public TransportFault? Fault { get; private set; }

    public void Grant()
    {
        // Who sends datagrams waits for no answer but theirs.
    }

    public void Refuse(EndReason reason, string text)
    {
        // There is no word for that; it is in the log.
    }

    public override UdpSendStatus SendPacket(ReadOnlySpan<byte> packet) => IsGone ? UdpSendStatus.Failed : association.Send(Destination, packet);

    internal void Receive(ReadOnlySpan<byte> packet) => Deliver(packet);

    /// <summary>Its association is over.</summary>
    internal void End(TransportFault fault)
    {
        Fault = fault;
        ShutdownSend();
    }

    protected override void Release() => association.Remove(this);
}
