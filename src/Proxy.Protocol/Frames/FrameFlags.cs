namespace Proxy.Protocol.Frames;

/// <summary>The flags byte of a frame. What a bit means depends on the type: PING has <see cref="PingFrame.AcknowledgeFlag"/>.</summary>
[Flags]
public enum FrameFlags : byte
{
    None = 0,

    /// <summary>DATA: the sender's last bytes (FIN, PSH-FIN). HEADERS: a reset (RST).</summary>
    EndStream = 1,

    /// <summary>DATA: the payload is one gzip member (RFC 1952). vproxy's own; never sent by us.</summary>
    Gzip = 4,
}
