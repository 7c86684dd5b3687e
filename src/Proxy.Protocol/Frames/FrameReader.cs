using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Proxy.Protocol.Announcements;

namespace Proxy.Protocol.Frames;

/// <summary>
/// Turns the bytes of one tunnel, cut anywhere, into frames. Give it input and call <see cref="Read"/> until it says
/// <see cref="ReadStatus.NeedMore"/> (all input was taken then) or <see cref="ReadStatus.Malformed"/> (the tunnel has to end, with
/// <see cref="Error"/>).
/// DATA comes in parts as it arrives, without a copy; only compressed DATA and a control frame cut in two are gathered, in buffers rented from
/// the pool. A reader between two frames holds none. Owned by one tunnel; not thread-safe. No input makes it throw.
/// </summary>
public sealed class FrameReader : IDisposable
{
    private readonly ArrayPool<byte> _pool;
    private readonly FrameDialect _dialect;
    private HeaderBuffer _headerBytes;
    private int _headerFilled;
    private FrameHeader _header;
    private int _payloadLeft;
    private bool _inPayload;      // whether a checked header waits for (more of) its payload
    private bool _settingsSeen;
    private byte[]? _gathered;
    private int _gatheredBytes;
    private byte[]? _inflated;

    public FrameReader(ArrayPool<byte> pool, FrameDialect dialect = FrameDialect.Vproxy)
    {
        _pool = pool;
        _dialect = dialect;
    }

    /// <summary>What the peer broke, from the first <see cref="ReadStatus.Malformed"/> on.</summary>
    public FrameError? Error { get; private set; }

    /// <summary>Bytes taken from all inputs so far.</summary>
    public long PositionBytes { get; private set; }

    /// <summary>Takes bytes from the front of <paramref name="input"/> and gives the next frame, or the next part of a DATA frame.</summary>
    public ReadStatus Read(scoped ref ReadOnlySpan<byte> input, out Frame frame)
    {
        frame = default;
        if (Error is not null)
        {
            return ReadStatus.Malformed;
        }

        if (!_inPayload)
        {
            ReturnBuffers();
            if (!TryTakeHeader(ref input))
            {
                return ReadStatus.NeedMore;
            }

            if (CheckHeader() is { } rule)
            {
                return Fail(rule);
            }

            _inPayload = true;
            _payloadLeft = _header.PayloadBytes;
        }

        return _header.Type switch
        {
            FrameType.Data when _header.Has(FrameFlags.Gzip) => ReadCompressed(ref input, out frame),
            FrameType.Data => ReadData(ref input, out frame),
            _ => ReadControl(ref input, out frame),
        };
    }

    /// <summary>Gives back what was rented; the reader must not be used again.</summary>
    public void Dispose() => ReturnBuffers();

    private bool TryTakeHeader(scoped ref ReadOnlySpan<byte> input)
    {
        if (_headerFilled == 0 && FrameHeader.TryRead(input, out _header))
        {
            Take(ref input, FrameHeader.SizeBytes);
            return true;
        }

        var part = Take(ref input, Math.Min(input.Length, FrameHeader.SizeBytes - _headerFilled));
        part.CopyTo(_headerBytes[_headerFilled..]);
        _headerFilled += part.Length;
        if (_headerFilled < FrameHeader.SizeBytes)
        {
            return false;
        }

        _headerFilled = 0;
        return FrameHeader.TryRead(_headerBytes, out _header);
    }

    private FrameRule? CheckHeader() =>
        _dialect == FrameDialect.Native ? NativeFrameRules.Check(_header) : FrameRules.Check(_header, _settingsSeen);

    private ReadStatus ReadData(scoped ref ReadOnlySpan<byte> input, out Frame frame)
    {
        var ends = _header.Has(FrameFlags.EndStream);
        var streamId = (int)_header.StreamId;
        if (_header.PayloadBytes == 0)
        {
            _inPayload = false;
            frame = ends ? Frame.Data(streamId, default, endsStream: true) : Frame.OfStream(FrameKind.PauseToggle, streamId);
            return ReadStatus.Done;
        }

        if (input.IsEmpty)
        {
            frame = default;
            return ReadStatus.NeedMore;
        }

        var part = TakePayload(ref input);
        _inPayload = _payloadLeft > 0;
        frame = Frame.Data(streamId, part, endsStream: ends && !_inPayload);
        return ReadStatus.Done;
    }

    private ReadStatus ReadCompressed(scoped ref ReadOnlySpan<byte> input, out Frame frame)
    {
        frame = default;
        Gather(TakePayload(ref input), _header.PayloadBytes);
        if (_payloadLeft > 0)
        {
            return ReadStatus.NeedMore;
        }

        if (GzipPayload.TryInflate(_gathered, _gatheredBytes, _pool, out _inflated, out var inflatedBytes) is { } rule)
        {
            return Fail(rule);
        }

        _inPayload = false;
        frame = Frame.Data((int)_header.StreamId, _inflated.AsSpan(0, inflatedBytes), _header.Has(FrameFlags.EndStream));
        return ReadStatus.Done;
    }

    private ReadStatus ReadControl(scoped ref ReadOnlySpan<byte> input, out Frame frame)
    {
        // Only the beginning of a long GOAWAY is kept.
        var keptBytes = _header.Type switch
        {
            FrameType.Packet => ProtocolLimits.PacketBytes,
            FrameType.Member => ProtocolLimits.AnnouncementBytes,
            _ => GoAwayFrame.NumbersBytes + ProtocolLimits.ReasonBytes,
        };
        var payload = TakePayload(ref input);
        if (payload.Length < _header.PayloadBytes)
        {
            Gather(payload, Math.Min(_header.PayloadBytes, keptBytes));
            payload = _gathered.AsSpan(0, _gatheredBytes);
        }

        if (_payloadLeft > 0)
        {
            frame = default;
            return ReadStatus.NeedMore;
        }

        frame = ToControlFrame(payload);
        if (frame is { Kind: FrameKind.WindowUpdate, Credit: 0 })
        {
            return Fail(FrameRule.WindowUpdateEmpty);
        }

        _inPayload = false;
        return ReadStatus.Done;
    }

    private Frame ToControlFrame(ReadOnlySpan<byte> payload)
    {
        switch (_header.Type)
        {
            case FrameType.Settings:
                _settingsSeen = true;
                return Frame.Settings;
            case FrameType.Ping:
                var kind = _header.Has(PingFrame.AcknowledgeFlag) ? FrameKind.PingAcknowledge : FrameKind.Ping;
                return Frame.Ping(kind, BinaryPrimitives.ReadInt64BigEndian(payload));
            case FrameType.Headers when _header.Has(FrameFlags.EndStream):
                var reason = _dialect == FrameDialect.Native ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 0u;
                return Frame.OfStream(FrameKind.Reset, (int)_header.StreamId, reason);
            case FrameType.Headers:
                var credit = _dialect == FrameDialect.Native ? BinaryPrimitives.ReadUInt32BigEndian(payload) : 0u;
                return Frame.OfStream(FrameKind.Syn, (int)_header.StreamId, credit);
            case FrameType.WindowUpdate:
                return Frame.OfStream(FrameKind.WindowUpdate, (int)_header.StreamId, BinaryPrimitives.ReadUInt32BigEndian(payload));
            case FrameType.Packet:
                return Frame.Packet((int)_header.StreamId, payload);
            case FrameType.Member:
                return Frame.Announcement(FrameKind.Member, payload, _header.Has(MemberAnnouncement.MoreFlag));
            case FrameType.Load:
                return Frame.Announcement(FrameKind.Load, payload, hasMore: false);
            default:
                return GoAwayFrame.Read(payload);
        }
    }

    private ReadOnlySpan<byte> TakePayload(scoped ref ReadOnlySpan<byte> input)
    {
        var part = Take(ref input, Math.Min(input.Length, _payloadLeft));
        _payloadLeft -= part.Length;
        return part;
    }

    private ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> input, int bytes)
    {
        var taken = input[..bytes];
        input = input[bytes..];
        PositionBytes += bytes;
        return taken;
    }

    /// <summary>Copies <paramref name="part"/> behind what was gathered of this payload, up to <paramref name="keptBytes"/> in all.</summary>
    private void Gather(ReadOnlySpan<byte> part, int keptBytes)
    {
        if (part.IsEmpty)
        {
            return;
        }

        _gathered ??= _pool.Rent(keptBytes);
        var kept = part[..Math.Min(part.Length, keptBytes - _gatheredBytes)];
        kept.CopyTo(_gathered.AsSpan(_gatheredBytes));
        _gatheredBytes += kept.Length;
    }

    private ReadStatus Fail(FrameRule rule)
    {
        var frameStart = PositionBytes - FrameHeader.SizeBytes - (_inPayload ? _header.PayloadBytes - _payloadLeft : 0);
        Error = new FrameError(rule, _header, frameStart);
        ReturnBuffers();
        return ReadStatus.Malformed;
    }

    private void ReturnBuffers()
    {
        Return(ref _gathered);
        Return(ref _inflated);
        _gatheredBytes = 0;
    }

    private void Return(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            _pool.Return(buffer);
            buffer = null;
        }
    }

    [InlineArray(FrameHeader.SizeBytes)]
    private struct HeaderBuffer
    {
        private byte _first;
    }
}
