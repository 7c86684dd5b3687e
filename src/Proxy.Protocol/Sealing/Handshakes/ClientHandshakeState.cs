namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>Where a client's handshake is.</summary>
public enum ClientHandshakeState
{
    /// <summary>A hello is out, or about to be.</summary>
    Waiting,

    /// <summary>The tunnel is there.</summary>
    Done,

    /// <summary>Nobody answered in time, which is all that a wrong key looks like.</summary>
    Failed,
}
