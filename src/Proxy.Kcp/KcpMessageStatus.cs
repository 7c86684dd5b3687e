namespace Proxy.Kcp;

/// <summary>What became of a message handed to <see cref="KcpEngine.SendMessage"/>.</summary>
public enum KcpMessageStatus
{
    /// <summary>All of it is queued.</summary>
    Queued,

    /// <summary>Nothing was taken; there is room again when the peer has acknowledged more.</summary>
    QueueFull,

    /// <summary>Nothing was taken and never will be: more fragments than a peer can be expected to hold.</summary>
    TooLarge,
}
