using System.Net;

namespace Proxy.Transport;

/// <summary>
/// What one sender sends to a <see cref="UdpListener"/>, and what goes back to it, from the address that it had asked. Made with its first
/// datagram; ends when its owner lets go of it.
/// </summary>
public sealed class UdpFlow : PacketChannel, IAcceptedConnection, IUdpHandler
{
    private static readonly IChannelHandler Nobody = new SilentHandler();

    private readonly UdpListener _listener;
    private IPEndPoint? _local;
    private IUdpEndpoint? _ownEndpoint;           // of a redirected flow: bound to where it was going

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

    /// <summary>Where the sender wanted to go, before the packet filter redirected it; null: here.</summary>
    public IPEndPoint? OriginalDestination => Key.Port == 0 ? null : Local;

    public override UdpSendStatus SendPacket(ReadOnlySpan<byte> packet)
    {
        if (IsGone)
        {
            return UdpSendStatus.Failed;
        }

        return Key.Port == 0 ? _listener.Send(Key, packet) : SendAsDestination(packet);
    }

    internal void Receive(ReadOnlySpan<byte> packet) => Deliver(packet);

    public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        while (!datagrams.IsEmpty && !IsGone)
        {
            var length = Math.Min(segmentSizeBytes, datagrams.Length);
            Deliver(datagrams[..length]);
            datagrams = datagrams[length..];
        }
    }

    public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
        // Each packet went on by itself.
    }

    public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => FailLater(fault);

    protected override void Release()
    {
        _ownEndpoint?.Close();
        _listener.Remove(this);
    }

    /// <summary>An answer comes from where the question went. Once the kernel knows such a socket, it gives it the questions, too.</summary>
    private UdpSendStatus SendAsDestination(ReadOnlySpan<byte> packet)
    {
        if (_ownEndpoint is null)
        {
            var options = new UdpOptions { IsTransparent = true, ReceiveBufferBytes = BufferBytes, SendBufferBytes = BufferBytes };
            if (!Loop.TryOpenUdp(Local, Peer, options, this, out var endpoint, out _))
            {
                return UdpSendStatus.Failed;
            }

            _ownEndpoint = endpoint;
        }

        return _ownEndpoint.Send(packet, Math.Max(1, packet.Length), default);
    }

    private const int BufferBytes = 256 * 1024;

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
/// <param name="Port">The port it was sent to, where it was redirected; else 0.</param>
internal readonly record struct UdpFlowKey(UdpAddress From, UInt128 To, int Port);
