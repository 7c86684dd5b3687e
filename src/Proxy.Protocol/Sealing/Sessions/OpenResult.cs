namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>What <see cref="SealedSession.Open"/> made of a datagram. All but <see cref="Opened"/> are dropped in silence and counted.</summary>
public enum OpenResult
{
    /// <summary>Authentic and new; the body is plain text now.</summary>
    Opened,

    /// <summary>Not a data datagram of this session.</summary>
    Malformed,

    /// <summary>Its number was seen before, or is too old to know.</summary>
    Replayed,

    /// <summary>Not sealed by the peer. The body is wiped.</summary>
    Forged,

    /// <summary>The session has ended; see <see cref="SealedSession.End"/>.</summary>
    Ended,
}
