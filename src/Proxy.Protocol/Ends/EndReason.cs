namespace Proxy.Protocol.Ends;

/// <summary>Why a stream or a tunnel ended. An end has one reason: the first that was known, which later ones never replace.</summary>
public enum EndReason : byte
{
    /// <summary>It has not ended.</summary>
    None = 0,

    /// <summary>Both directions finished and everything was passed on.</summary>
    Completed,

    /// <summary>The client's side reset the connection.</summary>
    ResetByClient,

    /// <summary>The upstream's side reset the connection.</summary>
    ResetByUpstream,

    /// <summary>The client did not read what was there for it, for longer than we hold it.</summary>
    ClientTooSlow,

    /// <summary>The upstream did not read what was there for it, for longer than we hold it.</summary>
    UpstreamTooSlow,

    /// <summary>No byte moved in either direction within the idle deadline.</summary>
    IdleTimeout,

    /// <summary>One direction had finished and the other did not follow within its deadline.</summary>
    HalfCloseTimeout,

    /// <summary>It lived as long as a connection may here, whatever moved on it.</summary>
    LifetimeReached,

    /// <summary>The request or header that has to come first did not arrive in time.</summary>
    HeaderTimeout,

    /// <summary>The upstream did not answer the connect in time.</summary>
    ConnectTimeout,

    /// <summary>The upstream refused the connect.</summary>
    Refused,

    /// <summary>There is no route to the upstream.</summary>
    Unreachable,

    /// <summary>The upstream's name has no address.</summary>
    NameNotFound,

    /// <summary>No healthy upstream was left to choose.</summary>
    NoUpstream,

    /// <summary>The upstream was found to be down, and its sessions are ended then.</summary>
    UpstreamDown,

    /// <summary>No rule allows this client, this destination or this moment.</summary>
    NotAllowed,

    /// <summary>The client did not prove who it is.</summary>
    Unauthenticated,

    /// <summary>The way leads back to this node, or through more hops than were granted.</summary>
    Loop,

    /// <summary>A limit on connections, streams or memory was reached; nothing was processed.</summary>
    Busy,

    /// <summary>The node or the tunnel is being drained.</summary>
    Draining,

    /// <summary>The peer's bytes break the protocol.</summary>
    Malformed,

    /// <summary>No tunnel was ready within the connect deadline.</summary>
    NoTunnel,

    /// <summary>The tunnel's peer did not complete the handshake in time.</summary>
    HandshakeTimeout,

    /// <summary>The tunnel's peer is silent or its transport is gone.</summary>
    TunnelLost,

    /// <summary>The tunnel's peer shut it down.</summary>
    PeerShutDown,

    /// <summary>Somebody at this node ended it: the operator, or a process that stops.</summary>
    KilledLocally,

    /// <summary>A defect of ours; the log has the exception.</summary>
    InternalError,

    /// <summary>What has to come first from a client (a PROXY header) is missing, malformed or cut.</summary>
    BadHeader,

    /// <summary>A filter of this node ended it, as it was made to.</summary>
    Filtered,

    /// <summary>The client broke the rules of TLS, or did not prove who it is.</summary>
    ClientTlsFailed,

    /// <summary>The upstream broke the rules of TLS, or did not prove that it is the one that was meant.</summary>
    UpstreamTlsFailed,

    /// <summary>A hop of the chain went away, or spoke otherwise than a hop does.</summary>
    ChainBroken,
}
