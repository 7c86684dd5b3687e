using System.Buffers;
using Proxy.Kcp;
using Proxy.Protocol;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>
/// A native engine against a peer that says what it is told to, part by part or frame by frame, and notes what it hears. It answers nothing by
/// itself.
/// </summary>
internal sealed class PartPeer : IDisposable
{
    private readonly LeakCheckingPool _pool = new();
    private readonly PlainSeal _seal = new();
    private readonly Dictionary<uint, uint> _nextNumbers = [];
    private readonly Dictionary<uint, FrameReader> _readers = [];
    private readonly byte[] _buffer = new byte[64_000];

    public PartPeer(TunnelRole role, NativeTunnelSettings? settings = null)
    {
        Side = new NativeSide(role, settings, new Random(1), default);
        Side.Engine.Start();
        Settle();
        Heard.Clear();
    }

    public NativeSide Side { get; }

    public long Now { get; private set; } = NativeSide.Begin + 1_000_000;

    /// <summary>Parts and frames that the engine sent.</summary>
    public List<string> Heard { get; } = [];

    /// <summary>Of the next datagram.</summary>
    public ulong NextNumber => _seal.NextNumber;

    /// <summary>A datagram that does not arrive.</summary>
    public void Skip() => _seal.Seal(new byte[IDatagramSeal.OverheadBytes], Now);

    public void Say(params byte[] body)
    {
        var datagram = new byte[body.Length + IDatagramSeal.OverheadBytes];
        body.CopyTo(datagram, IDatagramSeal.HeaderBytes);
        _seal.Seal(datagram, Now);
        SayDatagram(datagram);
    }

    public void SayDatagram(byte[] datagram)
    {
        Side.Engine.HandleDatagram(datagram, default, Now);
        Settle();
    }

    /// <summary>Frames on a lane, in a segment of their own.</summary>
    public void SayFrames(uint lane, string hex) => SayFrames(lane, Convert.FromHexString(hex.Replace(" ", "")));

    public void SayFrames(uint lane, byte[] frames)
    {
        var number = _nextNumbers.GetValueOrDefault(lane);
        _nextNumbers[lane] = number + 1;
        var body = new byte[1 + KcpSegment.HeaderBytes + frames.Length];
        body[0] = (byte)PartType.KcpToEnd;
        new KcpSegment(lane, KcpCommand.Push, 0, 16_384, 0, number, 0, (uint)frames.Length).Write(body.AsSpan(1));
        frames.CopyTo(body, 1 + KcpSegment.HeaderBytes);
        Say(body);
    }

    public void Wait(double seconds)
    {
        Now += (long)(seconds * 1_000_000);
        Side.Engine.HandleDeadline(Now);
        Settle();
    }

    public void Dispose()
    {
        Side.Dispose();
        foreach (var reader in _readers.Values)
        {
            reader.Dispose();
        }

        _pool.AssertNothingRented();
    }

    private void Settle() => Side.Flush((datagram, _) => Note(datagram.ToArray()), Now);

    private void Note(byte[] datagram)
    {
        Assert.True(_seal.TryOpen(datagram, Now, out _, out var body));
        var parts = new PartReader(body);
        while (parts.Read(out var part) == ReadStatus.Done)
        {
            if (part.Type == PartType.Kcp)
            {
                NoteSegments(part.Payload);
            }
            else
            {
                var isClose = part.Type == PartType.Close;
                Heard.Add(isClose ? $"CLOSE {ClosePart.Reason(part.Payload)} {ClosePart.Text(part.Payload)}" : part.Type.ToString());
            }
        }
    }

    private void NoteSegments(ReadOnlySpan<byte> segments)
    {
        while (KcpSegment.TryRead(segments, out var segment))
        {
            var payload = segments.Slice(KcpSegment.HeaderBytes, (int)segment.PayloadBytes);
            segments = segments[(KcpSegment.HeaderBytes + payload.Length)..];
            if (!_readers.TryGetValue(segment.Conversation, out var reader))
            {
                reader = _readers[segment.Conversation] = new FrameReader(_pool, FrameDialect.Native);
            }

            while (reader.Read(ref payload, out var frame) == ReadStatus.Done)
            {
                Heard.Add($"{segment.Conversation}: " + frame.Kind switch
                {
                    FrameKind.Reset => $"RST {frame.StreamId} {frame.ResetReason}",
                    FrameKind.Syn => $"SYN {frame.StreamId}",
                    FrameKind.Data => $"DATA {frame.StreamId} {frame.Payload.Length}",
                    _ => frame.Kind.ToString(),
                });
            }
        }
    }
}
