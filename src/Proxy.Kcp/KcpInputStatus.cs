namespace Proxy.Kcp;

/// <summary>
/// What became of a datagram. From <see cref="TooShort"/> on it was malformed and had no effect at all: the engine is as it was, and goes on.
/// </summary>
public enum KcpInputStatus
{
    /// <summary>Every segment was handled; duplicates count as handled.</summary>
    Handled,

    /// <summary>
    /// Well formed, but data beyond the receive window was dropped; everything else took effect. With external acknowledgement such a
    /// datagram must not be acknowledged, or the dropped data is lost for good.
    /// </summary>
    BeyondWindow,

    /// <summary>Empty, or it ends inside a header.</summary>
    TooShort,

    /// <summary>A segment of another conversation.</summary>
    WrongConversation,

    /// <summary>A command that does not exist, or an acknowledgement while acknowledgement is external.</summary>
    BadCommand,

    /// <summary>A payload longer than the rest of the datagram, longer than the settings allow, or on a segment that carries none.</summary>
    BadLength,

    /// <summary>A message of more fragments than the receive window holds.</summary>
    BadFragment,

    /// <summary>Acknowledges what was never sent. Seen when this side is younger than the peer's memory of it.</summary>
    AcknowledgesUnsent,
}
