using System.Buffers;
using Proxy.Kcp;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Frames;

namespace Proxy.Tunnel.Native;

/// <summary>
/// One KCP conversation of a tunnel: what is lost here delays nobody elsewhere. It is filled just in time, a segment for the datagram that is
/// being made, so that nothing waits in it: control frames first, then credit, then the streams in turn. A frame never crosses segments.
/// </summary>
internal sealed class Lane : IDisposable
{
    /// <summary>Below it a segment of data is not worth its headers.</summary>
    private const int LeastRoomBytes = 64;

    private const long RecentMicroseconds = 100_000;

    private readonly Queue<NativeControlFrame> _control = new();
    private readonly Queue<NativeStream> _creditTurns = new();
    private readonly TurnQueue<NativeStream> _sendTurns = new();
    private readonly KcpEngine _kcp;
    private long _recentBytes;
    private long _recentSinceMicroseconds;

    public Lane(int index, int windowSegments, int maximumDatagramBytes, ArrayPool<byte> pool)
    {
        Index = index;
        _kcp = new KcpEngine((uint)index, SettingsOf(windowSegments, maximumDatagramBytes), pool);
        Reader = new FrameReader(pool, FrameDialect.Native);
    }

    public int Index { get; }

    public KcpEngine Kcp => _kcp;

    public FrameReader Reader { get; }

    /// <summary>Bytes of the first received segment that the reader has taken.</summary>
    public int ParsedOfSegment { get; set; }

    /// <summary>What its turn has left; negative when it took too much.</summary>
    public int TurnBytes { get; set; }

    /// <summary>Bytes of its streams that wait to be sent.</summary>
    public long UnsentBytes { get; set; }

    /// <summary>Streams on it.</summary>
    public int Streams { get; set; }

    /// <summary>The largest id that the peer opened here; they only grow.</summary>
    public int LastPeerStreamId { get; set; }

    public int ControlFrames => _control.Count;

    /// <summary>What is told beside the streams; of lane 0 alone.</summary>
    public AnnouncementQueue Announcements { get; } = new();

    /// <summary>Bytes that streams of this lane brought lately: all of the last moments, half of those before, and so on.</summary>
    public long RecentlyReceivedBytes(long nowMicroseconds)
    {
        var halvings = (nowMicroseconds - _recentSinceMicroseconds) / RecentMicroseconds;
        if (halvings > 0)
        {
            _recentBytes = halvings < 63 ? _recentBytes >> (int)halvings : 0;
            _recentSinceMicroseconds = nowMicroseconds;
        }

        return _recentBytes;
    }

    public void NoteReceived(int bytes, long nowMicroseconds) => _recentBytes = RecentlyReceivedBytes(nowMicroseconds) + bytes;

    /// <summary>Whether everything given to it was sent and acknowledged.</summary>
    public bool IsSettled => _control.Count == 0 && _kcp.InFlightSegments == 0 && _kcp.QueuedSegments == 0;

    public bool HasFrames => _control.Count > 0 || _creditTurns.Count > 0 || _sendTurns.Count > 0 || !Announcements.IsEmpty;

    public void Queue(in NativeControlFrame frame) => _control.Enqueue(frame);

    public void QueueCredit(NativeStream stream)
    {
        if (!stream.IsInCreditTurn)
        {
            stream.IsInCreditTurn = true;
            _creditTurns.Enqueue(stream);
        }
    }

    public void QueueToSend(NativeStream stream)
    {
        if (!stream.IsInSendTurn)
        {
            stream.IsInSendTurn = true;
            stream.TurnBytes = 0;
            _sendTurns.Append(stream);
        }
    }

    public void DropFrames()
    {
        _control.Clear();
        Announcements.Clear();
        _creditTurns.Clear();
        _sendTurns.Clear();
    }

    /// <summary>
    /// Writes what fits of what is due: resends, then one new segment. Gives its length; 0 when nothing is due or nothing fits.
    /// </summary>
    public int Write(Span<byte> room, uint nowMilliseconds, IFrameSource source, SentBook book)
    {
        var length = 0;
        while (true)
        {
            var segmentBytes = _kcp.NextSegmentBytes(nowMilliseconds);
            if (segmentBytes == 0)
            {
                if (!CanFill || !Fill(room.Length - length - KcpSegment.HeaderBytes, source))
                {
                    return length;
                }

                segmentBytes = _kcp.NextSegmentBytes(nowMilliseconds);
            }

            if (segmentBytes > room.Length - length || segmentBytes == 0)
            {
                return length;
            }

            if (_kcp.TryGetSegment(nowMilliseconds, room[length..], out var output))
            {
                length += output.LengthBytes;
                if (output.Command == KcpCommand.Push)
                {
                    book.Carry(new CarriedSegment((byte)Index, output.SequenceNumber));
                }
            }

            if (TurnBytes - length <= 0)
            {
                return length;
            }
        }
    }

    public void Dispose()
    {
        DropFrames();
        Reader.Dispose();
        _kcp.Dispose();
    }

    /// <summary>Whether something would go out if there was room for it.</summary>
    public bool HasOutput(uint nowMilliseconds) => _kcp.NextSegmentBytes(nowMilliseconds) > 0 || CanFill;

    /// <summary>
    /// Whether frames wait and may become a segment. One may wait for the window: KCP asks the peer about a closed one only with something
    /// to send.
    /// </summary>
    private bool CanFill => _kcp.QueuedSegments == 0 && _kcp.FreeSendSegments > 0 && HasFrames;

    /// <summary>Whether what it has to send waits for the peer's window.</summary>
    public bool IsBlocked => _kcp.QueuedSegments > 0 || (HasFrames && _kcp.FreeSendSegments == 0);

    /// <summary>Puts frames into one new segment of at most so many bytes; false when there was nothing that fits.</summary>
    private bool Fill(int roomBytes, IFrameSource source)
    {
        if (roomBytes < LeastRoomBytes)
        {
            return false;
        }

        _kcp.SetMtu(KcpSegment.HeaderBytes + roomBytes);
        var left = roomBytes;
        Span<byte> frame = stackalloc byte[NativeControlFrame.MaxLengthBytes];
        while (left >= NativeControlFrame.MaxLengthBytes && _control.TryDequeue(out var control))
        {
            left -= _kcp.Send(frame[..control.Write(frame)]);
        }

        if (!Announcements.IsEmpty)
        {
            left -= SendAnnouncements(left);
        }

        while (left >= WindowUpdateFrame.LengthBytes && _creditTurns.TryDequeue(out var stream))
        {
            stream.IsInCreditTurn = false;
            if (source.TakeCredit(stream) is var increment and > 0)
            {
                left -= _kcp.Send(frame[..WindowUpdateFrame.Write(frame, stream.Id, increment)]);
            }
        }

        while (left > FrameHeader.SizeBytes && (left == roomBytes || left >= LeastRoomBytes) && _sendTurns.First is { } sender)
        {
            left -= SendTurn(sender, left, roomBytes, source);
        }

        return left < roomBytes;
    }

    private int SendAnnouncements(int roomBytes)
    {
        Span<byte> frame = stackalloc byte[TunnelAnnouncement.MaximumFrameBytes];
        var sent = 0;
        while (Announcements.Write(frame[..Math.Min(frame.Length, roomBytes - sent)]) is var length and > 0)
        {
            sent += _kcp.Send(frame[..length]);
        }

        return sent;
    }

    /// <summary>A DATA frame of the stream whose turn it is. Gives the bytes it took.</summary>
    private int SendTurn(NativeStream stream, int roomBytes, int turnBytes, IFrameSource source)
    {
        if (!stream.WantsToSend)
        {
            Leave(stream);
            return 0;
        }

        if (stream.TurnBytes <= 0)
        {
            stream.TurnBytes += turnBytes;
        }

        var chunk = stream.Unsent.Peek();
        var most = Math.Min(Math.Min(chunk.Length, roomBytes - FrameHeader.SizeBytes), stream.SendCreditBytes);
        chunk = chunk[..(int)most];
        var ends = stream.OwesFin && chunk.Length == stream.Unsent.Length;
        Span<byte> header = stackalloc byte[FrameHeader.SizeBytes];
        DataFrame.WriteHeader(header, stream.Id, chunk.Length, ends);
        var length = _kcp.Send(header) + _kcp.Send(chunk);
        if (!chunk.IsEmpty)
        {
            stream.Unsent.Advance(chunk.Length);
            stream.SendCreditBytes -= chunk.Length;
            UnsentBytes -= chunk.Length;
        }

        stream.TurnBytes -= length;
        source.HandleSent(stream, chunk.Length, ends);
        if (!stream.WantsToSend)
        {
            Leave(stream);
        }
        else if (stream.TurnBytes <= 0)
        {
            _sendTurns.MoveFirstToEnd();
        }

        return length;
    }

    private void Leave(NativeStream stream)
    {
        _sendTurns.RemoveFirst();
        stream.IsInSendTurn = false;
    }

    private static KcpSettings SettingsOf(int windowSegments, int maximumDatagramBytes) => new()
    {
        Acknowledgement = KcpAcknowledgement.External,
        CongestionWindow = false,
        SendWindowSegments = windowSegments,
        ReceiveWindowSegments = windowSegments,
        InitialPeerWindowSegments = windowSegments,
        SendBufferSegments = windowSegments + 1,
        MtuBytes = maximumDatagramBytes,
        MaximumReceivedPayloadBytes = Math.Max(maximumDatagramBytes, 1500),
    };
}
