namespace Proxy.Transport;

/// <summary>
/// What a loop counts. Written by the loop's thread alone, as plain fields; other threads may read them at any time and see each a moment late.
/// </summary>
public sealed class LoopCounters
{
    /// <summary>Channels that hold a socket, those that linger after <see cref="IChannel.Close"/> included.</summary>
    public int OpenChannels;

    public int OpenListeners;

    public int OpenEndpoints;

    /// <summary>Callbacks run: posted work, deadlines, completions.</summary>
    public long Turns;

    /// <summary>Turns longer than <see cref="SlowTurnMicroseconds"/>.</summary>
    public long SlowTurns;

    /// <summary>Bytes that went from channel to channel inside the kernel.</summary>
    public long SplicedBytes;

    /// <summary>Exceptions that came out of handlers, posted work and deadlines.</summary>
    public long HandlerFailures;

    /// <summary>1 ms: what a turn may cost before everybody else on the loop feels it.</summary>
    public const long SlowTurnMicroseconds = 1000;
}
