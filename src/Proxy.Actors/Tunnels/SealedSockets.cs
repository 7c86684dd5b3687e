using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// The UDP sockets that share one address of a server, each on a loop of its own, and which of them a tunnel belongs to: its id says so, so that
/// nobody has to remember it. Thread-safe.
/// </summary>
/// <param name="most">How many there may be.</param>
internal sealed class SealedSockets(int most)
{
    private readonly PassedDatagrams?[] _inboxes = new PassedDatagrams?[most];
    private volatile int _count;

    /// <summary>Whether the address is to be shared at all.</summary>
    public bool MayBeSeveral => most > 1;

    /// <summary>Whether it is settled how many there are. No tunnel begins before that.</summary>
    public bool AreOpen => _count > 0;

    /// <summary>What the system is to know of them.</summary>
    public UdpSteering Steering => new(
        _count,
        [
            new UdpSteering.Rule((byte)DatagramKind.Data, SteeringFields.IndexInDataAt),
            new UdpSteering.Rule((byte)DatagramKind.Hello, SteeringFields.CounterInHelloAt),
        ]);

    /// <summary>All are open, and that many; once.</summary>
    public void Settle(int count) => _count = count;

    /// <summary>Which of them the tunnel is at, if it is anywhere.</summary>
    public int OwnerOf(ulong tunnelId) => (int)(SteeringFields.IndexOf(tunnelId) % (uint)Math.Max(1, _count));

    /// <summary>What is left to each of them of a maximum for all.</summary>
    public int ShareOf(int maximum) => (int)(((long)maximum + _count - 1) / Math.Max(1, _count));

    public void Add(int index, PassedDatagrams inbox) => Volatile.Write(ref _inboxes[index], inbox);

    public void Remove(int index, PassedDatagrams inbox) => Interlocked.CompareExchange(ref _inboxes[index], null, inbox);

    /// <summary>Gives datagrams, of one tunnel, to the loop that the tunnel is at; they are copied. False: as with <see cref="TryPass"/>.</summary>
    public bool TryPassToOwner(ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
        datagrams.Length >= DatagramHeader.Bytes && TryPass(OwnerOf(DatagramHeader.ReceiverOf(datagrams)), datagrams, segmentSizeBytes, from);

    /// <summary>Gives datagrams to the loop of that socket; they are copied. False: there is no room, or no socket any more.</summary>
    public bool TryPass(int index, ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
        Volatile.Read(ref _inboxes[index])?.TryPass(datagrams, segmentSizeBytes, from) == true;
}
