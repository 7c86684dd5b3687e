namespace Proxy.Protocol.Streams;

/// <summary>The states of a stream, under the names of seed 004.</summary>
public enum StreamState : byte
{
    /// <summary>Not on the wire. An id that nobody knows is in this state too.</summary>
    None,

    /// <summary>We asked for it and have no answer.</summary>
    SynSent,

    /// <summary>Open both ways.</summary>
    Established,

    /// <summary>We finished sending; the peer may still send.</summary>
    FinSent,

    /// <summary>The peer finished sending; we may still send.</summary>
    FinReceived,

    /// <summary>Over on the wire; its owner has not released it yet. <see cref="StreamMachine.End"/> says why.</summary>
    Dead,

    /// <summary>Released by its owner.</summary>
    RealClosed,
}
