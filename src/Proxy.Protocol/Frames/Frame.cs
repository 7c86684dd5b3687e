namespace Proxy.Protocol.Frames;

/// <summary>What a frame says, the bits of type and flags resolved.</summary>
public enum FrameKind
{
    /// <summary>Handshake or its answer.</summary>
    Settings,

    /// <summary>Keepalive; to be answered with the same id.</summary>
    Ping,

    /// <summary>Answer to a keepalive.</summary>
    PingAcknowledge,

    /// <summary>SYN, or SYN-ACK for a stream that we opened.</summary>
    Syn,

    /// <summary>RST.</summary>
    Reset,

    /// <summary>Bytes of a stream, its end, or both: see <see cref="Frame.EndsStream"/>.</summary>
    Data,

    /// <summary>The peer asks us to pause or to go on sending on the stream.</summary>
    PauseToggle,

    /// <summary>Shutdown of the tunnel; native, with error 0: no new streams.</summary>
    GoAway,

    /// <summary>Native: more credit for a stream.</summary>
    WindowUpdate,

    /// <summary>Native, over ordered transports: a packet beside the bytes of a stream.</summary>
    Packet,

    /// <summary>Native: a member of the cluster; <see cref="Frame.HasMore"/> says whether the next belongs to it.</summary>
    Member,

    /// <summary>Native: how busy the server is.</summary>
    Load,
}

/// <summary>
/// One message of the tunnel, or for DATA one part of it. <see cref="Payload"/> lies in the reader's input or buffer and is valid until
/// the next call of the reader.
/// </summary>
public readonly ref struct Frame
{
    private readonly ulong _number;

    private Frame(FrameKind kind, int streamId, ReadOnlySpan<byte> payload, bool endsStream, ulong number)
    {
        Kind = kind;
        StreamId = streamId;
        Payload = payload;
        EndsStream = endsStream;
        _number = number;
    }

    public FrameKind Kind { get; }

    /// <summary>From 1 where the frame is about a stream, else 0.</summary>
    public int StreamId { get; }

    /// <summary>DATA: bytes of the stream, as many as have arrived, empty only for an end alone. Packet, member, load: all of it. GOAWAY: the reason's bytes.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>DATA: whether nothing follows this part in its direction. True only on the last part of a FIN or PSH-FIN.</summary>
    public bool EndsStream { get; }

    /// <summary>Member: whether what is told is complete only with a later frame.</summary>
    public bool HasMore => _number != 0;

    /// <summary>PING and its answer.</summary>
    public long PingId => (long)_number;

    /// <summary>Native SYN and WINDOW_UPDATE: bytes that may be sent in addition.</summary>
    public uint Credit => (uint)_number;

    /// <summary>Native RST. A number that is not defined here stands for <see cref="WireReason.Unspecified"/>.</summary>
    public WireReason ResetReason => (WireReason)(byte)(_number >> 8);

    /// <summary>Native RST: tunnels between the peer and whoever saw the failure.</summary>
    public byte ResetDistance => (byte)_number;

    /// <summary>GOAWAY.</summary>
    public uint LastStreamId => (uint)(_number >> 32);

    /// <summary>GOAWAY.</summary>
    public uint ErrorCode => (uint)_number;

    /// <summary>GOAWAY: the reason as one line of printable text.</summary>
    public string ReasonText() => WireText.Read(Payload);

    internal static Frame Settings => new(FrameKind.Settings, 0, default, endsStream: false, 0);

    internal static Frame Ping(FrameKind kind, long id) => new(kind, 0, default, endsStream: false, (ulong)id);

    internal static Frame OfStream(FrameKind kind, int streamId, uint number = 0) => new(kind, streamId, default, endsStream: false, number);

    internal static Frame Data(int streamId, ReadOnlySpan<byte> payload, bool endsStream) => new(FrameKind.Data, streamId, payload, endsStream, 0);

    internal static Frame Packet(int streamId, ReadOnlySpan<byte> packet) => new(FrameKind.Packet, streamId, packet, endsStream: false, 0);

    internal static Frame Announcement(FrameKind kind, ReadOnlySpan<byte> payload, bool hasMore) =>
        new(kind, 0, payload, endsStream: false, hasMore ? 1u : 0);

    internal static Frame GoAway(uint lastStreamId, uint errorCode, ReadOnlySpan<byte> reason) =>
        new(FrameKind.GoAway, 0, reason, endsStream: false, ((ulong)lastStreamId << 32) | errorCode);
}
