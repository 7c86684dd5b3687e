using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Native.Fec;
using Proxy.Tunnel.Packets;

namespace Proxy.Tunnel;

/// <summary>
/// Packets beside the bytes of streams: never sent twice, under the same controller and pacer. Datagram by datagram, packets and lanes take turns
/// in being the first to fill it.
/// </summary>
public sealed partial class NativeTunnelEngine
{
    private readonly PacketQueues _packets;
    private readonly ReceivedPackets _receivedPackets;
    private readonly PacketAssembly _assembly;
    private readonly EarlyPackets _earlyPackets;
    private PacketStatistics _packetStatistics;
    private ushort _packetNumber;                 // of the last packet that was cut
    private int _fragments;                       // of the packet whose turn it is; 0: it is not cut
    private int _fragmentsSent;
    private long _fragmentedNumber;               // which one that is, as the queues call it
    private bool _isPacketsTurn;
    private bool _carriesPackets;                 // the datagram that is being made

    /// <summary>What became of packets.</summary>
    public PacketStatistics PacketStatistics => _packetStatistics with
    {
        Dropped = _packetStatistics.Dropped + _packets.Stale + _earlyPackets.Dropped,
        Incomplete = _packetStatistics.Incomplete + _assembly.Incomplete,
    };

    /// <summary>Eight fragments of the smallest datagrams there may be, over which shards still fit.</summary>
    public int MaximumPacketBytes =>
        UdpPart.MaxFragments * (NativeTunnelSettings.LeastDatagramBytes - FecSender.ReservedBytes - IDatagramSeal.OverheadBytes - UdpPart.FragmentHeaderBytes);

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

    /// <summary>Segments and packets, as many as fit; the length of what was written.</summary>
    /// <param name="room">What is left of the body.</param>
    /// <param name="wholeBytes">All of the body.</param>
    /// <param name="nowMicroseconds">The present.</param>
    private int WriteContent(Span<byte> room, int wholeBytes, long nowMicroseconds)
    {
        if (!_packets.HasWaiting)
        {
            return WriteSegmentsPart(room, nowMicroseconds);
        }

        int length;
        // Streams that are opened now go ahead of what is sent beside them.
        if (_isPacketsTurn && ControlFrames == 0)
        {
            length = WritePackets(room, wholeBytes, nowMicroseconds);
            length += WriteSegmentsPart(room[length..], nowMicroseconds);
        }
        else
        {
            length = WriteSegmentsPart(room, nowMicroseconds);
            length += WritePackets(room[length..], wholeBytes, nowMicroseconds);
        }

        _isPacketsTurn = !_isPacketsTurn;
        return length;
    }

    /// <summary>Packets in the order of their turns, while they fit. One that no datagram can carry as it was cut is dropped.</summary>
    private int WritePackets(Span<byte> room, int wholeBytes, long nowMicroseconds)
    {
        var length = 0;
        while (_packets.TryPeek(nowMicroseconds, out var packet))
        {
            if (packet.Number != _fragmentedNumber)
            {
                // What was cut before has waited too long, or its flow is over.
                _fragments = 0;
            }

            if (_fragments == 0 && UdpPart.HeaderBytes + packet.Bytes.Length > wholeBytes && !TryCut(packet, wholeBytes))
            {
                _packetStatistics.TooLarge++;
                TakePacket();
                continue;
            }

            var next = _fragments == 0 ? packet.Bytes : Fragment(packet.Bytes);
            var needed = next.Length + (_fragments == 0 ? UdpPart.HeaderBytes : UdpPart.FragmentHeaderBytes);
            if (needed > wholeBytes)
            {
                // The path has become narrower in between.
                _packetStatistics.Dropped++;
                TakePacket();
                continue;
            }

            if (needed > room.Length - length)
            {
                break;
            }

            length += WritePacket(room[length..], packet.FlowId, next);
            _carriesPackets = true;
        }

        return length;
    }

    private bool TryCut(in WaitingPacket packet, int wholeBytes)
    {
        var most = wholeBytes - UdpPart.FragmentHeaderBytes;
        var count = (packet.Bytes.Length + most - 1) / most;
        if (count > UdpPart.MaxFragments)
        {
            return false;
        }

        (_fragments, _fragmentsSent, _fragmentedNumber) = (count, 0, packet.Number);
        _packetNumber++;
        return true;
    }

    private int WritePacket(Span<byte> room, int flow, ReadOnlySpan<byte> bytes)
    {
        var opens = _machine.Role == TunnelRole.Client && _streams.TryGetValue(flow, out var stream) && !stream.Machine.IsAnswered;
        if (_fragments == 0)
        {
            var whole = UdpPart.Write(room, (uint)flow, opens, bytes);
            HandlePacketSent(bytes.Length);
            return whole;
        }

        var length = UdpPart.WriteFragment(room, (uint)flow, opens, _packetNumber, (byte)_fragmentsSent, (byte)_fragments, bytes);
        _statistics.BytesSent += bytes.Length;
        if (++_fragmentsSent == _fragments)
        {
            HandlePacketSent(0);
        }

        return length;
    }

    private void HandlePacketSent(int bytes)
    {
        _statistics.BytesSent += bytes;
        _packetStatistics.Sent++;
        TakePacket();
    }

    private void TakePacket()
    {
        _fragments = 0;
        _packets.Take(_size.Bytes);
    }

    /// <summary>The fragment that comes next: all are of one size, but for the last.</summary>
    private ReadOnlySpan<byte> Fragment(ReadOnlySpan<byte> packet)
    {
        var size = (packet.Length + _fragments - 1) / _fragments;
        var start = Math.Min(packet.Length, _fragmentsSent * size);
        return packet.Slice(start, Math.Min(size, packet.Length - start));
    }

    private void HandlePacket(ReadOnlySpan<byte> payload, long nowMicroseconds)
    {
        var part = UdpPart.Of(payload);
        if (!_streams.TryGetValue((int)part.Flow, out var stream))
        {
            if (part.Opens && _machine.Role == TunnelRole.Server && State == TunnelState.Ready)
            {
                _earlyPackets.Add(part.Flow, payload, nowMicroseconds);
            }

            return;
        }

        if (stream.IsReleased || !stream.Machine.IsLive)
        {
            return;
        }

        _statistics.BytesReceived += part.Bytes.Length;
        var packet = part.Bytes;
        if (part.Count > 1 && !_assembly.TryComplete(part, nowMicroseconds, out packet))
        {
            return;
        }

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

    private void DropPackets()
    {
        _packets.Clear();
        _receivedPackets.Clear();
        _assembly.Clear();
        _earlyPackets.Clear();
        _fragments = 0;
    }
}
