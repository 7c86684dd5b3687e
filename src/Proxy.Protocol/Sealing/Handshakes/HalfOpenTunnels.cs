using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// The tunnels of one listener from their hello to the first authentic datagram, found by the hello (a repetition of it) and by their id.
/// Each is forgotten after a time; what was sent for it is kept so long.
/// </summary>
internal sealed class HalfOpenTunnels(long timeoutMicroseconds)
{
    private readonly Dictionary<UInt128, Entry> _byHello = [];
    private readonly Dictionary<ulong, Entry> _byTunnel = [];
    private readonly Queue<Entry> _byAge = [];   // those that left early stay in it until their time

    public int Count => _byHello.Count;

    public Entry Add(UInt128 hello, ReadOnlySpan<byte> address, int helloBytes, long nowMicroseconds)
    {
        var entry = new Entry(hello, address.ToArray(), nowMicroseconds + timeoutMicroseconds);
        entry.Amplification.HandleReceived(helloBytes);
        _byHello.Add(hello, entry);
        _byAge.Enqueue(entry);
        return entry;
    }

    public Entry? Find(UInt128 hello) => _byHello.GetValueOrDefault(hello);

    public void SetReply(Entry entry, ulong tunnelId, byte[] reply)
    {
        entry.TunnelId = tunnelId;
        entry.Reply = reply;
        _byTunnel[tunnelId] = entry;
    }

    /// <summary>The tunnel is open, or gone. An unknown id has no effect.</summary>
    public void Remove(ulong tunnelId)
    {
        if (_byTunnel.TryGetValue(tunnelId, out var entry))
        {
            Remove(entry);
        }
    }

    public void Remove(Entry entry)
    {
        _byHello.Remove(entry.Hello);
        if (entry.Reply is not null)
        {
            _byTunnel.Remove(entry.TunnelId);
        }
    }

    public void Expire(long nowMicroseconds)
    {
        while (_byAge.TryPeek(out var oldest) && nowMicroseconds >= oldest.DeadlineMicroseconds)
        {
            _byAge.Dequeue();
            if (Find(oldest.Hello) == oldest)
            {
                Remove(oldest);
            }
        }
    }

    internal sealed class Entry(UInt128 hello, byte[] address, long deadlineMicroseconds)
    {
        public UInt128 Hello => hello;

        public byte[] Address => address;

        public long DeadlineMicroseconds => deadlineMicroseconds;

        public AmplificationLimit Amplification { get; } = new();

        public ulong TunnelId { get; set; }

        /// <summary>Null while the agreement is being done.</summary>
        public byte[]? Reply { get; set; }
    }
}
