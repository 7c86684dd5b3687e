using Proxy.Protocol.Announcements;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Ordered;

namespace Proxy.Tunnel;

/// <summary>What goes out: control first, then credit, then packets and the streams in turn, a frame each.</summary>
public sealed partial class OrderedTunnelEngine
{
    private readonly Queue<NativeControlFrame> _control = new();
    private readonly Queue<OrderedStream> _creditTurns = new();
    private readonly Queue<OrderedStream> _sendTurns = new();
    private readonly AnnouncementQueue _toAnnounce = new();
    private bool _isBlocked;

    /// <summary>
    /// Whether the carrier holds so much that it takes no more for now. What waits meanwhile waits here, where control passes data and streams
    /// take turns.
    /// </summary>
    public void SetBlocked(bool isBlocked, long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        _isBlocked = isBlocked;
        if (isBlocked)
        {
            AwaitAnswer();
        }
    }

    /// <summary>Tells the client something beside the streams. False: too much waits to be told.</summary>
    public bool Announce(TunnelAnnouncement announcement) => State != TunnelState.Closed && !_isDisposed && _toAnnounce.TryAdd(announcement);

    /// <summary>The next bytes to send, as many as fit and are due; of the batch's sizes only the whole means something. Call until false.</summary>
    public bool TryGetDatagrams(long nowMicroseconds, Span<byte> buffer, out DatagramBatch batch)
    {
        _nowMicroseconds = nowMicroseconds;
        batch = default;
        if (_isSilent || _isBlocked || buffer.Length < PieceBytes)
        {
            return false;
        }

        CloseIfDrained();
        var length = State == TunnelState.Closed ? WriteLastWords(buffer) : WriteFrames(buffer);
        batch = new DatagramBatch(length, Math.Min(length, PieceBytes), default);
        return length > 0;
    }

    private int WriteFrames(Span<byte> buffer)
    {
        var length = 0;
        if ((_sendTurns.Count > 0 || _creditTurns.Count > 0) && IsMeasurementDue)
        {
            SendPing();
        }

        while (buffer.Length - length >= NativeControlFrame.MaxLengthBytes && _control.TryDequeue(out var control))
        {
            length += control.Write(buffer[length..]);
        }

        while (_toAnnounce.Write(buffer[length..]) is var told and > 0)
        {
            length += told;
        }

        while (buffer.Length - length >= WindowUpdateFrame.LengthBytes && _creditTurns.TryDequeue(out var stream))
        {
            stream.IsInCreditTurn = false;
            if (stream.Machine.CanReceive && !stream.IsReleased && stream.UngrantedBytes > 0)
            {
                var increment = (uint)stream.UngrantedBytes;
                stream.GrantedBytes += increment;
                length += WindowUpdateFrame.Write(buffer[length..], stream.Id, increment);
            }
        }

        while (buffer.Length - length >= LeastDataBytes)
        {
            if ((_isPacketsTurn || _sendTurns.Count == 0) && WritePackets(buffer[length..]) is var bytes and > 0)
            {
                length += bytes;
            }
            else if (_sendTurns.TryDequeue(out var sender))
            {
                length += WriteData(sender, buffer[length..]);
            }
            else
            {
                break;
            }

            _isPacketsTurn = !_isPacketsTurn;
        }

        return length;
    }

    /// <summary>A DATA frame of the stream whose turn it is; gives the bytes it took.</summary>
    private int WriteData(OrderedStream stream, Span<byte> room)
    {
        stream.IsInSendTurn = false;
        if (!stream.WantsToSend)
        {
            return 0;
        }

        var most = (int)Math.Min(Math.Min(room.Length, PieceBytes) - FrameHeader.SizeBytes, stream.SendCreditBytes);
        var count = 0;
        while (count < most && !stream.Unsent.IsEmpty)
        {
            var chunk = stream.Unsent.Peek();
            chunk = chunk[..Math.Min(chunk.Length, most - count)];
            chunk.CopyTo(room[(FrameHeader.SizeBytes + count)..]);
            stream.Unsent.Advance(chunk.Length);
            count += chunk.Length;
        }

        var ends = stream.OwesFin && stream.Unsent.IsEmpty;
        DataFrame.WriteHeader(room, stream.Id, count, ends);
        stream.SendCreditBytes -= count;
        HandleSent(stream, count, ends);
        TakeSendTurn(stream);
        return FrameHeader.SizeBytes + count;
    }

    private void HandleSent(OrderedStream stream, int bytes, bool ended)
    {
        _statistics.BytesSent += bytes;
        if (stream.OwesDrained && stream.Unsent.Length <= _settings.SendLowBytes)
        {
            stream.OwesDrained = false;
            if (!stream.IsReleased)
            {
                _events.Enqueue(new PendingEvent(TunnelEventKind.SendDrained, stream.Id));
            }
        }

        if (ended)
        {
            stream.OwesFin = false;
            ApplyTo(stream, stream.Machine.FinishLocally());
            RemoveIfDone(stream);
        }
    }

    private void TakeSendTurn(OrderedStream stream)
    {
        if (stream.WantsToSend && !stream.IsInSendTurn)
        {
            stream.IsInSendTurn = true;
            _sendTurns.Enqueue(stream);
        }
    }

    private int WriteLastWords(Span<byte> buffer)
    {
        _isSilent = true;
        return _lastWords is { } text ? GoAwayFrame.Write(buffer, text) : 0;
    }

    private void DropFrames()
    {
        _control.Clear();
        _toAnnounce.Clear();
        _creditTurns.Clear();
        _sendTurns.Clear();
        _packets.Clear();
    }

    // Below it a frame is not worth its header.
    private const int LeastDataBytes = 1024;
}
