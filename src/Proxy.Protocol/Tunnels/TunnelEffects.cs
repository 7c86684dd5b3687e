namespace Proxy.Protocol.Tunnels;

/// <summary>What whoever drives a <see cref="TunnelMachine"/> has to do after an event, in the order of the values. None: ignore the event.</summary>
[Flags]
public enum TunnelEffects
{
    None = 0,

    /// <summary>Send SETTINGS.</summary>
    SendSettings = 1,

    /// <summary>Tell the owner that streams may be opened, stop the handshake deadline, start the keepalive.</summary>
    BecameReady = 1 << 1,

    /// <summary>Treat the frame as usual.</summary>
    Process = 1 << 2,

    /// <summary>Answer the SYN with RST; nothing of it was processed.</summary>
    RefuseStream = 1 << 3,

    /// <summary>Tell the owner to open no more streams here.</summary>
    StopOpening = 1 << 4,

    /// <summary>End every stream with <see cref="TunnelMachine.End"/>.</summary>
    FailStreams = 1 << 5,

    /// <summary>Send GOAWAY, before everything that is queued.</summary>
    SendGoAway = 1 << 6,

    /// <summary>The caller did what the state does not allow; nothing changed.</summary>
    Misuse = 1 << 7,
}
