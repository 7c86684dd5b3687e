using System.Buffers;
using Proxy.Kernel;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Runs actors on the thread of one I/O loop, so that an actor and the sockets it owns are touched by one thread and need no lock: accept,
/// limits, dial, relay and close of a connection happen without a hand-over.
/// </summary>
public sealed class LoopDispatcher : MessageDispatcher
{
    public LoopDispatcher(IIoLoop loop, ArrayPool<byte> pool)
    {
        Loop = loop;
        Pool = pool;
    }

    public IIoLoop Loop { get; }

    /// <summary>Buffers for what lives on this loop; only for its thread.</summary>
    public ArrayPool<byte> Pool { get; }

    public override void Execute(IThreadPoolWorkItem mailbox) => Loop.Post(mailbox);
}
