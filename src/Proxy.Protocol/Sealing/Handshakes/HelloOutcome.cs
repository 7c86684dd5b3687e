namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>What a server made of a datagram that says it is a hello. Only three of these are answered; the rest is silence, and a counter.</summary>
public enum HelloOutcome
{
    /// <summary>Not the shape or length of a hello.</summary>
    Malformed,

    /// <summary>No key of that id is known here.</summary>
    UnknownKey,

    /// <summary>Not sealed with the key that it names.</summary>
    NotAuthentic,

    /// <summary>Sealed with the key, but what is inside, or the ephemeral key, makes no sense: a fault of another implementation.</summary>
    Senseless,

    /// <summary>Answered by a retry: a cookie is required, or the clocks differ by more than a minute.</summary>
    Retry,

    /// <summary>Seen before. Silence.</summary>
    Replayed,

    /// <summary>Seen before and half open: the reply goes out again, byte by byte the same.</summary>
    Repeated,

    /// <summary>Too many are half open or remembered. Silence; the client comes again.</summary>
    Busy,

    /// <summary>No framing version or cipher in common, or the client wants a server key that this server has not.</summary>
    NothingInCommon,

    /// <summary>Good so far: do the agreement, then complete it.</summary>
    NeedsAgreement,
}
