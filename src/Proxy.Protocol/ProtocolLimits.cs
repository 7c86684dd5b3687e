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

    /// <summary>Native: payload of a frame about members or load, so that one fits into the smallest datagram.</summary>
    public const int AnnouncementBytes = 512;

    /// <summary>
    /// Native: what may be sent on a stream before its SYN was answered. A server has to hold it for each of its streams, an opener until it
    /// knows that the stream was taken.
    /// </summary>
    public const int InitialCreditBytes = 16 * 1024;

    /// <summary>
    /// Native: a packet of a flow in one frame. More than any datagram that is not cut on its way, and than what eight fragments carry over datagrams.
    /// </summary>
    public const int PacketBytes = 12 * 1024;

    /// <summary>Native: ranges of one acknowledgement, 526 bytes of it.</summary>
    public const int AcknowledgedRanges = 64;

    /// <summary>A whole chain request header; the largest that the known fields can make is 829 bytes.</summary>
    public const int ChainRequestBytes = 1024;

    /// <summary>Headers of one chain: more hops than anybody has a use for, and each makes the next slower.</summary>
    public const int ChainHops = 16;

    /// <summary>The text of a chain response.</summary>
    public const int ChainTextBytes = 256;

    /// <summary>A host name, as in SOCKS5's one length byte.</summary>
    public const int NameBytes = 255;

    /// <summary>One label of a host name (RFC 1035, 2.3.4).</summary>
    public const int LabelBytes = 63;

    /// <summary>
    /// A whole PROXY header of version 2. The format allows 65,551 bytes; addresses, names and a client certificate need less than this, and
    /// it is held for a sender of which nothing else is known yet.
    /// </summary>
    public const int ProxyHeaderBytes = 4096;

    /// <summary>Fields of a PROXY header, or of its TLS field: more than four times those registered, as each costs an object.</summary>
    public const int ProxyFields = 64;

    /// <summary>A PROXY header's unique id (proxy-protocol.txt, 2.2.5).</summary>
    public const int ProxyUniqueIdBytes = 128;

    /// <summary>
    /// A TLS ClientHello with its record headers: one record of plain text (RFC 8446, 5.1). Post-quantum key shares bring it to about 2 KiB.
    /// </summary>
    public const int ClientHelloBytes = 16 * 1024;

    /// <summary>Application protocols that a ClientHello may offer: browsers offer two or three, and each costs a string.</summary>
    public const int ApplicationProtocols = 64;

    /// <summary>The first line and the fields of an HTTP message: as much as common servers take.</summary>
    public const int HttpHeadBytes = 16 * 1024;

    /// <summary>Fields of an HTTP message; common servers take a hundred.</summary>
    public const int HttpFields = 100;
}
