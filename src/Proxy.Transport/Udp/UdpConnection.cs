using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport;

/// <summary>
/// A UDP socket of its own for one other side: only what that one sends is heard, and that nobody listens there is an end
/// (<see cref="TransportFaultKind.Refused"/>).
/// </summary>
public sealed class UdpConnection : PacketChannel, IUdpHandler
{
    private static readonly UdpOptions Options = new() { ReceiveBufferBytes = ReceiveBufferBytes, SendBufferBytes = SendBufferBytes };

    private readonly IPEndPoint _remote;
    private IUdpEndpoint? _endpoint;

    private UdpConnection(IIoLoop loop, IPEndPoint remote, IChannelHandler handler)
        : base(loop, handler) => _remote = remote;

    public override EndPoint? RemoteEndPoint => _remote;

    public override EndPoint? LocalEndPoint => _endpoint?.LocalEndPoint;

    /// <summary>Begins; whether there is a way there, the handler hears in a later turn. Whether there is somebody, nobody knows before an answer.</summary>
    public static UdpConnection Connect(IIoLoop loop, IPEndPoint remoteEndPoint, IPAddress? source, IChannelHandler handler)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(remoteEndPoint);
        var connection = new UdpConnection(loop, remoteEndPoint, handler);
        var any = remoteEndPoint.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        if (loop.TryOpenUdp(new IPEndPoint(source ?? any, 0), remoteEndPoint, Options, connection, out var endpoint, out var fault))
        {
            connection._endpoint = endpoint;
            connection.ConnectLater();
        }
        else
        {
            connection.FailLater(fault);
        }

        return connection;
    }

    public override UdpSendStatus SendPacket(ReadOnlySpan<byte> packet) =>
        IsGone || _endpoint is null ? UdpSendStatus.Failed : _endpoint.Send(packet, Math.Max(1, packet.Length), default);

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

    protected override void Release() => _endpoint?.Close();

    // At 100 Mbit/s what comes in 90 ms, as the kernel counts twice what a datagram holds. Only what waits is charged, and thousands may be open.
    private const int ReceiveBufferBytes = 2 * 1024 * 1024;
    private const int SendBufferBytes = 256 * 1024;
}
