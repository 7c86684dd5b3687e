using Proxy.Protocol.Ends;

namespace Proxy.Tunnel;

/// <summary>What a tunnel engine tells its owner.</summary>
public enum TunnelEventKind
{
    /// <summary>The handshake is done: streams may be opened.</summary>
    Ready,

    /// <summary>The peer opened a stream (server only). Receiving starts paused.</summary>
    StreamOpened,

    /// <summary>The peer accepted a stream that we opened.</summary>
    StreamEstablished,

    /// <summary>Bytes of a stream.</summary>
    Data,

    /// <summary>The peer finished its direction of a stream; all its bytes were handed out before.</summary>
    EndOfStream,

    /// <summary>A stream ended at once; its id means nothing any more.</summary>
    StreamReset,

    /// <summary>All bytes that <see cref="TunnelEngine.Send"/> had kept have gone to the lane.</summary>
    SendDrained,

    /// <summary>The tunnel ended, and every stream with it. Comes once, last.</summary>
    Closed,
}

/// <summary>One event of a tunnel. <see cref="Bytes"/> are valid until the next call of the engine.</summary>
public readonly ref struct TunnelEvent
{
    internal TunnelEvent(TunnelEventKind kind, int streamId = 0, ReadOnlySpan<byte> bytes = default, EndReason reason = EndReason.None, string text = "")
    {
        Kind = kind;
        StreamId = streamId;
        Bytes = bytes;
        Reason = reason;
        Text = text;
    }

    public TunnelEventKind Kind { get; }

    /// <summary>The stream it is about; 0 for the tunnel itself.</summary>
    public int StreamId { get; }

    /// <summary>For <see cref="TunnelEventKind.Data"/>.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>For <see cref="TunnelEventKind.StreamReset"/> and <see cref="TunnelEventKind.Closed"/>.</summary>
    public EndReason Reason { get; }

    /// <summary>For <see cref="TunnelEventKind.Closed"/>: what a log should say beside the reason.</summary>
    public string Text { get; }
}
