using System.Buffers;
using Proxy.Transport;
using Proxy.Transport.Dials;

namespace Proxy.Actors;

/// <summary>
/// What a node stands on: its loops, names and buffers. With loops of the operating system it is a real node, with simulated ones the same
/// node runs under virtual time.
/// </summary>
public sealed class NodeEnvironment
{
    public NodeEnvironment(IReadOnlyList<IIoLoop> loops, INameResolver resolver, ArrayPool<byte> pool)
    {
        ArgumentNullException.ThrowIfNull(loops);
        Dispatchers = [.. loops.Select(loop => new LoopDispatcher(loop))];
        Resolver = resolver;
        Pool = pool;
    }

    /// <summary>One per loop. The first runs what has no reason to be elsewhere.</summary>
    public IReadOnlyList<LoopDispatcher> Dispatchers { get; }

    public INameResolver Resolver { get; }

    public ArrayPool<byte> Pool { get; }
}
