namespace Proxy.Protocol.Ends;

/// <summary>How far a connection has come; where it ended is the second letter of its <see cref="TerminationCode"/>.</summary>
public enum ConnectionPhase : byte
{
    /// <summary>A header or a handshake has to come from the client first.</summary>
    Opening,

    /// <summary>It waits for a server, because none is known yet or all are full.</summary>
    Queued,

    /// <summary>A server is dialled.</summary>
    Connecting,

    /// <summary>Bytes pass both ways.</summary>
    Relaying,

    /// <summary>One side has finished sending, the other goes on.</summary>
    HalfClosed,
}

/// <summary>Wording of a <see cref="ConnectionPhase"/>.</summary>
public static class ConnectionPhases
{
    /// <summary>One lower-case word, as logs and status have it.</summary>
    public static string Text(this ConnectionPhase phase) => phase switch
    {
        ConnectionPhase.Opening => "opening",
        ConnectionPhase.Queued => "queued",
        ConnectionPhase.Connecting => "connecting",
        ConnectionPhase.Relaying => "relaying",
        _ => "half-closed",
    };
}
