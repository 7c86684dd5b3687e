using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;

namespace Proxy.Tunnel;

/// <summary>What a tunnel engine tells its owner.</summary>
public enum TunnelEventKind
{
    /// <summary>The handshake is done: a client may open streams.</summary>
    Ready,

    /// <summary>The peer opened a stream (server only). Nothing of it is handed out before <see cref="TunnelEngine.SetReceiving"/>.</summary>
    StreamOpened,

    /// <summary>The peer accepted a stream that we opened.</summary>
    StreamEstablished,

    /// <summary>Bytes of a stream.</summary>
    Data,

    /// <summary>A packet that the peer sent beside the bytes of a stream (<see cref="ITunnelEngine.SendPacket"/>).</summary>
    Packet,

    /// <summary>The peer finished its direction of a stream; all its bytes were handed out before.</summary>
    EndOfStream,

    /// <summary>A stream was cut off in both directions, bytes not handed out included. Its owner still has to release it.</summary>
    StreamReset,

    /// <summary>All bytes that <see cref="TunnelEngine.Send"/> had kept have gone to the lane. Once for each time it began to keep some.</summary>
    SendDrained,

    /// <summary>Native dialect: the peer has been silent for so long that it may be gone. Nothing is closed yet. The text says what is unanswered.</summary>
    Suspected,

    /// <summary>Native dialect: a suspected peer was heard again.</summary>
    Trusted,

    /// <summary>Native dialect, server: the peer has another address now.</summary>
    AddressChanged,

    /// <summary>Native dialect: larger datagrams get through than before, or do not any more; the text says which.</summary>
    SizeChanged,

    /// <summary>Ids, numbers or keys near their end: the tunnel is to be replaced by another. The text says what it is. Comes once.</summary>
    Worn,

    /// <summary>Nothing is opened any more; it ends with the last stream. The text says whose wish that is. Comes once.</summary>
    Draining,

    /// <summary>Native dialect, server: the client asked whether we are there, and was answered.</summary>
    Pinged,

    /// <summary>Native dialect, client: the server tells of itself or of its cluster.</summary>
    Announced,

    /// <summary>The tunnel ended, and every stream of it that had not ended before. Comes once, last.</summary>
    Closed,
}

/// <summary>
/// One event of a tunnel. <see cref="Bytes"/> are valid until the engine is next given a datagram, asked for an event, or told to reset or
/// release the stream; they may be sent on as they are.
/// </summary>
public readonly ref struct TunnelEvent
{
    internal TunnelEvent(
        TunnelEventKind kind,
        int streamId = 0,
        ReadOnlySpan<byte> bytes = default,
        EndReason reason = EndReason.None,
        string text = "",
        byte distance = 0,
        bool isLast = false,
        TunnelAnnouncement? announcement = null)
    {
        Kind = kind;
        StreamId = streamId;
        Bytes = bytes;
        Reason = reason;
        Text = text;
        Distance = distance;
        IsLast = isLast;
        Announcement = announcement;
    }

    public TunnelEventKind Kind { get; }

    /// <summary>The stream it is about; 0 for the tunnel itself.</summary>
    public int StreamId { get; }

    /// <summary>For <see cref="TunnelEventKind.Data"/>, never empty there; and for <see cref="TunnelEventKind.Packet"/>.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>
    /// For <see cref="TunnelEventKind.Data"/>: whether the end of the stream is the next that is told of it, at once if the owner still wants to
    /// receive.
    /// </summary>
    public bool IsLast { get; }

    /// <summary>For <see cref="TunnelEventKind.StreamReset"/> and <see cref="TunnelEventKind.Closed"/>.</summary>
    public EndReason Reason { get; }

    /// <summary>
    /// For <see cref="TunnelEventKind.StreamReset"/> of the native dialect: how many tunnels lie behind the peer to whoever saw the failure.
    /// </summary>
    public byte Distance { get; }

    /// <summary>For <see cref="TunnelEventKind.Announced"/>.</summary>
    public TunnelAnnouncement? Announcement { get; }

    /// <summary>For events of the tunnel itself: what a log should say beside the kind.</summary>
    public string Text { get; }
}
