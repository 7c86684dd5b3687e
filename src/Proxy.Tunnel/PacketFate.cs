namespace Proxy.Tunnel;

/// <summary>What became of a packet that was given to <see cref="ITunnelEngine.SendPacket"/>.</summary>
public enum PacketFate
{
    /// <summary>It waits for its turn. Whether it arrives nobody says.</summary>
    Queued,

    /// <summary>Too much of its stream, or of all of them, waits already.</summary>
    QueueFull,

    /// <summary>Larger than what the tunnel can cut into fragments.</summary>
    TooLarge,

    /// <summary>This dialect has no packets, or the stream is over.</summary>
    NotCarried,
}
