using System.Buffers;
using Proxy.Protocol.Sealing;
using Proxy.Transport;
using Proxy.Transport.Dials;
using Proxy.Transport.HandOver;

namespace Proxy.Actors;

/// <summary>
/// What a node stands on: its loops, names, buffers and secrets. With loops of the operating system it is a real node, with simulated ones the
/// same node runs under virtual time.
/// </summary>
public sealed class NodeEnvironment
{
    private int _tunnelNumber;

    /// <summary>Makes the dispatcher of each loop.</summary>
    /// <param name="loops">At least one.</param>
    /// <param name="resolver">Names to addresses.</param>
    /// <param name="createPool">A pool for the buffers of one loop, which need not be thread-safe.</param>
    /// <param name="secrets">What keys, ids and cookies are made of; thread-safe.</param>
    public NodeEnvironment(IReadOnlyList<IIoLoop> loops, INameResolver resolver, Func<ArrayPool<byte>> createPool, IRandomBytes secrets)
    {
        ArgumentNullException.ThrowIfNull(loops);
        Dispatchers = [.. loops.Select(loop => new LoopDispatcher(loop, createPool()))];
        Warm = loops.ToDictionary(loop => loop, loop => new WarmHops(loop));
        Resolver = resolver;
        Secrets = secrets;
        Span<byte> first = stackalloc byte[sizeof(int)];
        secrets.Fill(first);
        _tunnelNumber = BitConverter.ToInt32(first);
    }

    /// <summary>One per loop. The first runs what has no reason to be elsewhere.</summary>
    public IReadOnlyList<LoopDispatcher> Dispatchers { get; }

    public INameResolver Resolver { get; }

    public IRandomBytes Secrets { get; }

    /// <summary>
    /// A number for each tunnel that this node opens, one after the other from a random one on: servers with several sockets spread tunnels over
    /// them by it, those of one client evenly.
    /// </summary>
    public uint NextTunnelNumber() => unchecked((uint)Interlocked.Increment(ref _tunnelNumber));

    /// <summary>Ready connections to next hops of chains, by their loop.</summary>
    internal IReadOnlyDictionary<IIoLoop, WarmHops> Warm { get; }

    /// <summary>Filled by the node as its listeners are bound.</summary>
    public OwnListeners Own { get; init; } = new();

    /// <summary>Opened by the host when the node takes part in a cluster.</summary>
    public ClusterDoor Cluster { get; init; } = new();

    /// <summary>The processes before and after this one.</summary>
    public Generations Generations { get; init; } = new();

    /// <summary>Sockets that a predecessor has bound; null: each is bound anew.</summary>
    public ListeningSockets? Listening { get; init; }

    /// <summary>What runs arithmetic that a loop should not wait for.</summary>
    public TaskScheduler Workers { get; init; } = TaskScheduler.Default;

    /// <summary>Runs it on <see cref="Workers"/>; the result is to be piped back.</summary>
    public Task<T> RunAside<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Workers);
}
