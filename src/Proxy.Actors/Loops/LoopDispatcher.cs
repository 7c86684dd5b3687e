using Proxy.Kernel;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Runs actors on the thread of one I/O loop, so that an actor and the sockets it owns are touched by one thread and need no lock: accept,
/// limits, dial, relay and close of a connection happen without a hand-over.
/// </summary>
public sealed class LoopDispatcher : MessageDispatcher
{
    public LoopDispatcher(IIoLoop loop)
    {
        Loop = loop;
    }

    public IIoLoop Loop { get; }

    public override void Execute(IThreadPoolWorkItem mailbox) => Loop.Post(mailbox);
}
