using System.Net;

namespace Proxy.Transport;

/// <summary>
/// What one sender sends to a <see cref="UdpListener"/>, and what goes back to it, from the address that it had asked. Made with its first
/// datagram; ends when its owner lets go of it.
/// </summary>
public sealed class UdpFlow : PacketChannel, IAcceptedConnection
{
    private static readonly IChannelHandler Nobody = new SilentHandler();

    private readonly UdpListener _listener;
    private IPEndPoint? _local;

    internal UdpFlow(UdpListener listener, IIoLoop loop, in UdpFlowKey key)
        : base(loop, Nobody)
    {
        _listener = listener;
        Key = key;
        Peer = key.From.ToIPEndPoint();
    }

    public override EndPoint? RemoteEndPoint => Peer;

    public override EndPoint? LocalEndPoint => Local;

    IPEndPoint IAcceptedConnection.RemoteEndPoint => Peer;

    IPEndPoint IAcceptedConnection.LocalEndPoint => Local;

    internal UdpFlowKey Key { get; }

    private IPEndPoint Peer { get; }

    private IPEndPoint Local => _local ??= _listener.LocalOf(Key);

    /// <summary>Takes it over, in place of <see cref="IIoLoop.Adopt"/>; on the listener's loop.</summary>
    public IChannel Adopt(IChannelHandler handler)
    {
        if (!Loop.IsCurrent)
        {
            throw new InvalidOperationException("A flow of datagrams stays on the loop of its listener.");
        }

        Handler = handler;
        return this;
    }

    /// <summary>What this sender sends is dropped without a look for a moment.</summary>
    public void Refuse() => _listener.Refuse(this);

    public override UdpSendStatus SendPacket(ReadOnlySpan<byte> packet) => IsGone ? UdpSendStatus.Failed : _listener.Send(Key, packet);

    internal void Receive(ReadOnlySpan<byte> packet) => Deliver(packet);

    protected override void Release() => _listener.Remove(this);

    private sealed class SilentHandler : IChannelHandler
    {
        public void OnConnected(IChannel channel)
        {
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
        }

        public void OnEndOfStream(IChannel channel)
        {
        }

        public void OnSendDrained(IChannel channel)
        {
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
        }
    }
}

/// <summary>What makes a flow: who sends, and to which of our addresses.</summary>
/// <param name="From">The sender.</param>
/// <param name="To">Our address; 0: there is only one.</param>
internal readonly record struct UdpFlowKey(UdpAddress From, UInt128 To);
