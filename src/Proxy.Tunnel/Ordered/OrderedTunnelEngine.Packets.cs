using Proxy.Protocol;
using Proxy.Protocol.Frames;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Packets;

namespace Proxy.Tunnel;

/// <summary>
/// Packets beside the bytes of streams. The carrier loses none of them: it makes them late, so what waits too long for it is dropped here.
/// </summary>
public sealed partial class OrderedTunnelEngine
{
    private readonly PacketQueues _packets;
    private readonly ReceivedPackets _receivedPackets;
    private PacketStatistics _packetStatistics;
    private bool _isPacketsTurn;

    /// <summary>What became of packets.</summary>
    public PacketStatistics PacketStatistics => _packetStatistics with { Dropped = _packetStatistics.Dropped + _packets.Stale };

    public int MaximumPacketBytes => ProtocolLimits.PacketBytes;

    public PacketFate SendPacket(int streamId, ReadOnlySpan<byte> packet, long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        if (!_streams.TryGetValue(streamId, out var stream) || !stream.CanSend || stream.IsReleased)
        {
            return PacketFate.NotCarried;
        }

        if (packet.Length > MaximumPacketBytes)
        {
            _packetStatistics.TooLarge++;
            return PacketFate.TooLarge;
        }

        if (!_packets.TryAdd(streamId, packet, _nowMicroseconds))
        {
            _packetStatistics.Dropped++;
            return PacketFate.QueueFull;
        }

        return PacketFate.Queued;
    }

    /// <summary>Packets in the order of their turns, about as many bytes as a stream may send in one of its own.</summary>
    private int WritePackets(Span<byte> room)
    {
        var length = 0;
        while (length < PieceBytes && _packets.TryPeek(_nowMicroseconds, out var packet) && FrameHeader.SizeBytes + packet.Bytes.Length <= room.Length - length)
        {
            length += PacketFrame.Write(room[length..], packet.FlowId, packet.Bytes);
            _statistics.BytesSent += packet.Bytes.Length;
            _packetStatistics.Sent++;
            _packets.Take(PieceBytes);
        }

        return length;
    }

    private void HandlePacket(CreditStream stream, ReadOnlySpan<byte> packet)
    {
        if (stream.IsReleased || !stream.Machine.IsLive)
        {
            return;
        }

        _statistics.BytesReceived += packet.Length;
        if (_receivedPackets.TryAdd(stream.Id, packet))
        {
            _packetStatistics.Received++;
        }
        else
        {
            _packetStatistics.Dropped++;
        }
    }

    private bool TryHandOutPacket(out TunnelEvent next)
    {
        while (_receivedPackets.TryHandOut(out var streamId, out var packet))
        {
            // Its stream may have ended since.
            if (_streams.TryGetValue(streamId, out var stream) && !stream.IsReleased)
            {
                next = new TunnelEvent(TunnelEventKind.Packet, streamId, packet);
                return true;
            }
        }

        next = default;
        return false;
    }
}
