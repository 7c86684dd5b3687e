using System.Buffers;
using Proxy.Transport;

namespace Proxy.Actors;

// Hops that are reached over UDP: each packet carries the headers of all of them.
internal sealed partial class OutboundLeg
{
    /// <summary>The system's clock, for the headers.</summary>
    public Func<long> UnixMilliseconds { get; set; } = () => 0;

    private UdpSendStatus SendWithHeaders(IPacketChannel stream, ReadOnlySpan<byte> packet)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Datagrams!.HeaderBytes + packet.Length);
        var length = Datagrams.WriteHeaders(buffer, UnixMilliseconds());
        packet.CopyTo(buffer.AsSpan(length));
        var status = stream.SendPacket(buffer.AsSpan(0, length + packet.Length));
        ArrayPool<byte>.Shared.Return(buffer);
        return status;
    }
}
