namespace Proxy.Protocol;

/// <summary>Every size that bounds what a peer can make us hold, each with its reason.</summary>
public static class ProtocolLimits
{
    /// <summary>Payload of one frame. vproxy's senders never pass 24,576 bytes; beyond 64 KiB a length is noise or an attack.</summary>
    public const int FramePayloadBytes = 64 * 1024;

    /// <summary>
    /// What one compressed DATA payload may inflate to: no more than a plain one may carry. vproxy compresses chunks of at most 24,576
    /// bytes, so honest peers stay far below, and a bomb costs one buffer of this size.
    /// </summary>
    public const int InflatedBytes = 64 * 1024;

    /// <summary>Kept of a GOAWAY's reason, read or written; the rest is skipped. It is for a log line.</summary>
    public const int ReasonBytes = 256;

    /// <summary>A whole chain request header; the largest that the known fields can make is 829 bytes.</summary>
    public const int ChainRequestBytes = 1024;

    /// <summary>The text of a chain response.</summary>
    public const int ChainTextBytes = 256;

    /// <summary>A host name, as in SOCKS5's one length byte.</summary>
    public const int NameBytes = 255;

    /// <summary>One label of a host name (RFC 1035, 2.3.4).</summary>
    public const int LabelBytes = 63;
}
