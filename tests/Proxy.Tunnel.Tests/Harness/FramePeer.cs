using Proxy.Kcp;
using Proxy.Protocol;
using Proxy.Protocol.Frames;
using Proxy.TestKit;

namespace Proxy.Tunnel.Tests;

/// <summary>
/// A peer that says what it is told to, frame by frame or byte by byte, and notes what it hears. It answers nothing by itself but what KCP
/// answers, and knows nothing of pauses, as a vproxy.
/// </summary>
internal sealed class FramePeer : Endpoint
{
    private readonly LeakCheckingPool _pool = new();
    private readonly KcpEngine _lane;
    private readonly FrameReader _reader;
    private readonly Queue<byte[]> _outgoing = new();
    private readonly byte[] _buffer = new byte[2048];

    public FramePeer(KcpSettings? settings = null)
    {
        _lane = new KcpEngine(0, settings ?? TunnelSettings.Default.Kcp, _pool);
        _reader = new FrameReader(_pool);
    }

    /// <summary>What came, one entry a frame; DATA one entry a part.</summary>
    public List<string> Heard { get; } = [];

    /// <summary>Whether data does not reach it; a deaf one still sends, and hears that what it sent arrived.</summary>
    public bool IsDeaf { get; set; }

    public override bool HasMore => false;

    public FramePeer SaySettings() => Say(SettingsFrame.Write);

    public FramePeer SaySyn(int id) => Say(frame => SynFrame.Write(frame, id));

    public FramePeer SayReset(int id) => Say(frame => ResetFrame.Write(frame, id));

    public FramePeer SayFin(int id) => Say(frame => DataFrame.WriteFin(frame, id));

    public FramePeer SayPing(long id) => Say(frame => PingFrame.Write(frame, id));

    public FramePeer SayPauseToggle(int id) => Say(frame => PauseToggleFrame.Write(frame, id));

    public FramePeer SayGoAway(string reason) => Say(frame => GoAwayFrame.Write(frame, reason));

    /// <summary>So many zeros, with a FIN in the same frame where it ends.</summary>
    public FramePeer SayData(int id, int bytes, bool ends = false)
    {
        var frame = new byte[DataFrame.LengthBytes(bytes)];
        DataFrame.Write(frame, id, new byte[bytes], ends);
        return SayBytes(frame);
    }

    public FramePeer SayBytes(ReadOnlySpan<byte> bytes)
    {
        _outgoing.Enqueue(bytes.ToArray());
        return this;
    }

    public override void Handle(ReadOnlySpan<byte> datagram, long nowMicroseconds)
    {
        if (IsDeaf)
        {
            datagram = AcknowledgementsOf(datagram);
        }

        _lane.HandleDatagram(datagram, (uint)(nowMicroseconds / 1000));
        while (_lane.TryPeekReceived(out var bytes))
        {
            while (_reader.Read(ref bytes, out var frame) == ReadStatus.Done)
            {
                Heard.Add(Describe(frame));
            }

            _lane.AdvanceReceived();
        }
    }

    public override void HandleDeadline(long nowMicroseconds)
    {
    }

    public override void Flush(SimulatedLink link, long nowMicroseconds)
    {
        while (_outgoing.TryPeek(out var bytes) && _lane.FreeSendSegments > 100)
        {
            Assert.Equal(bytes.Length, _lane.Send(bytes));
            _outgoing.Dequeue();
        }

        while (_lane.TryGetDatagram((uint)(nowMicroseconds / 1000), _buffer, out var length))
        {
            link.Send(_buffer.AsSpan(0, length), nowMicroseconds);
        }
    }

    public override long? Deadline(long nowMicroseconds)
    {
        var now = (uint)(nowMicroseconds / 1000);
        return _lane.NextDeadlineMilliseconds(now) is { } due ? ((nowMicroseconds / 1000) + (int)(due - now)) * 1000 : null;
    }

    public override void Dispose()
    {
        _lane.Dispose();
        _reader.Dispose();
        _pool.AssertNothingRented();
    }

    private static byte[] AcknowledgementsOf(ReadOnlySpan<byte> datagram)
    {
        var kept = new List<byte>();
        while (KcpSegment.TryRead(datagram, out var segment))
        {
            if (segment.Command == KcpCommand.Acknowledge)
            {
                kept.AddRange(datagram[..KcpSegment.HeaderBytes]);
            }

            datagram = datagram[(KcpSegment.HeaderBytes + (int)segment.PayloadBytes)..];
        }

        return [.. kept];
    }

    private static string Describe(in Frame frame) => frame.Kind switch
    {
        FrameKind.Settings => "SETTINGS",
        FrameKind.Ping => $"PING {frame.PingId}",
        FrameKind.PingAcknowledge => $"PING-ACK {frame.PingId}",
        FrameKind.Syn => $"SYN {frame.StreamId}",
        FrameKind.Reset => $"RST {frame.StreamId}",
        FrameKind.PauseToggle => $"PAUSE {frame.StreamId}",
        FrameKind.GoAway => $"GOAWAY {frame.ReasonText()}",
        _ when frame.Payload.IsEmpty => $"FIN {frame.StreamId}",
        _ => $"DATA {frame.StreamId} {frame.Payload.Length}",
    };

    private FramePeer Say(FrameWriter write)
    {
        Span<byte> frame = stackalloc byte[GoAwayFrame.MaxLengthBytes];
        return SayBytes(frame[..write(frame)]);
    }

    private delegate int FrameWriter(Span<byte> frame);
}
