using System.Collections.Concurrent;
using System.Net;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>Takes datagrams of an older process's tunnel to that process, or drops them if it has no room. False: it is gone.</summary>
public delegate bool PassToOlder(IPEndPoint asked, ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from);

/// <summary>
/// The processes that share this one's UDP sockets after a hand-over: each marks the ids of its tunnels with its generation, one more than its
/// predecessor's, so that the one that reads a datagram knows whose it is. Thread-safe.
/// </summary>
public sealed class Generations
{
    private readonly ConcurrentDictionary<IPEndPoint, SealedSockets> _sockets = new();
    private volatile bool _isBeingReplaced;

    /// <summary>Of this process; set before the node starts.</summary>
    public byte Own { get; set; }

    /// <summary>Null: no older process is there.</summary>
    public PassToOlder? PassToOlder { get; set; }

    /// <summary>
    /// Whether a successor has the sockets too, or is about to: what comes for its tunnels is not this process's to answer, and from its readiness on
    /// this process does not read any more.
    /// </summary>
    public bool IsBeingReplaced
    {
        get => _isBeingReplaced;
        set => _isBeingReplaced = value;
    }

    /// <summary>Gives datagrams that a successor read to this process's tunnels. False: there is no such listener, or no room.</summary>
    /// <param name="asked">The listener, as the settings have it.</param>
    public bool TryDeliver(IPEndPoint asked, ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
        segmentSizeBytes > 0 && _sockets.TryGetValue(asked, out var sockets) && sockets.TryPassToOwner(datagrams, segmentSizeBytes, from);

    internal void Add(IPEndPoint asked, SealedSockets sockets) => _sockets[asked] = sockets;

    internal void Remove(IPEndPoint asked, SealedSockets sockets) => _sockets.TryRemove(KeyValuePair.Create(asked, sockets));
}
