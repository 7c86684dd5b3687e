namespace Proxy.Protocol.Streams;

/// <summary>What whoever drives a <see cref="StreamMachine"/> has to do after an event, in the order of the values. None: ignore the event.</summary>
[Flags]
public enum StreamEffects
{
    None = 0,

    /// <summary>Drop what the stream still has to send.</summary>
    DropUnsent = 1,

    /// <summary>Send SYN.</summary>
    SendSyn = 1 << 1,

    /// <summary>Send SYN-ACK.</summary>
    SendSynAck = 1 << 2,

    /// <summary>Send FIN, behind everything that the stream still has to send.</summary>
    SendFin = 1 << 3,

    /// <summary>Send RST; it waits for nothing of its stream.</summary>
    SendReset = 1 << 4,

    /// <summary>Send a pause toggle.</summary>
    SendPauseToggle = 1 << 5,

    /// <summary>Tell the owner that the stream is open.</summary>
    Opened = 1 << 6,

    /// <summary>Hand the data to the owner.</summary>
    Deliver = 1 << 7,

    /// <summary>Tell the owner, behind all delivered data, that the peer finished sending.</summary>
    DeliverEnd = 1 << 8,

    /// <summary>Stop sending on the stream until the next change.</summary>
    StopSending = 1 << 9,

    /// <summary>Go on sending on the stream.</summary>
    GoOnSending = 1 << 10,

    /// <summary>Tell the owner that the stream was cut off, with <see cref="StreamMachine.End"/>; no end of data follows.</summary>
    Abort = 1 << 11,

    /// <summary>Forget the stream's id.</summary>
    Remove = 1 << 12,

    /// <summary>The caller did what the state does not allow; nothing changed.</summary>
    Misuse = 1 << 13,
}
