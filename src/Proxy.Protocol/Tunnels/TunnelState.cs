namespace Proxy.Protocol.Tunnels;

/// <summary>The states of a tunnel: those of seed 004, and what it leaves unnamed.</summary>
public enum TunnelState : byte
{
    /// <summary>The client has not sent its handshake; the server has not received one.</summary>
    Init,

    /// <summary>Client only: sent, not answered.</summary>
    HandshakeSent,

    /// <summary>Streams may be opened.</summary>
    Ready,

    /// <summary>No new streams; ends when the last one has ended.</summary>
    Draining,

    /// <summary>Over. <see cref="TunnelMachine.End"/> says why.</summary>
    Closed,
}

/// <summary>Which end of a tunnel this is. Only the client opens streams.</summary>
public enum TunnelRole : byte
{
    Client,
    Server,
}
