using System.Buffers;
using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Packets;

/// <summary>
/// Packets of which fragments have arrived: at most four of a flow, each for a second, and all together so many bytes. What does not become whole
/// in that time and room is forgotten, the oldest first.
/// </summary>
internal sealed class PacketAssembly(ArrayPool<byte> pool)
{
    private readonly Dictionary<(uint Flow, ushort Packet), Partial> _partials = [];
    private readonly LinkedList<Partial> _byAge = new();
    private byte[]? _whole;
    private long _bytes;

    /// <summary>Packets of which something was missing.</summary>
    public long Incomplete { get; private set; }

    /// <summary>Takes a fragment. True: the packet is whole; its bytes are valid until the next call.</summary>
    public bool TryComplete(scoped in UdpPart part, long nowMicroseconds, out ReadOnlySpan<byte> packet)
    {
        packet = default;
        ReturnWhole();
        ForgetOld(nowMicroseconds);
        var key = (part.Flow, part.Packet);
        if (!_partials.TryGetValue(key, out var partial) || partial.Fragments.Length != part.Count)
        {
            partial = Begin(key, partial, part.Count, nowMicroseconds);
        }

        if (partial.Fragments[part.Index] is not null)
        {
            return false;
        }

        var buffer = pool.Rent(Math.Max(1, part.Bytes.Length));
        part.Bytes.CopyTo(buffer);
        partial.Fragments[part.Index] = buffer;
        partial.Lengths[part.Index] = part.Bytes.Length;
        partial.Missing--;
        partial.Bytes += part.Bytes.Length;
        _bytes += part.Bytes.Length;
        if (partial.Missing > 0)
        {
            while (_bytes > MostBytes)
            {
                Forget(_byAge.First!.Value, isIncomplete: true);
            }

            return false;
        }

        packet = Join(partial);
        Forget(partial, isIncomplete: false);
        return true;
    }

    public void Clear()
    {
        ReturnWhole();
        while (_byAge.First is { } first)
        {
            Forget(first.Value, isIncomplete: false);
        }
    }

    private Partial Begin((uint Flow, ushort Packet) key, Partial? other, int count, long nowMicroseconds)
    {
        if (other is not null)
        {
            // The number came round, and says something else now.
            Forget(other, isIncomplete: true);
        }

        var ofFlow = 0;
        Partial? oldest = null;
        for (var node = _byAge.Last; node is not null; node = node.Previous)
        {
            if (node.Value.Key.Flow == key.Flow)
            {
                ofFlow++;
                oldest = node.Value;
            }
        }

        if (ofFlow >= MostOfFlow || _byAge.Count >= MostPackets)
        {
            Forget(oldest ?? _byAge.First!.Value, isIncomplete: true);
        }

        var partial = new Partial(key, count, nowMicroseconds);
        partial.Node = _byAge.AddLast(partial);
        _partials[key] = partial;
        return partial;
    }

    private ReadOnlySpan<byte> Join(Partial partial)
    {
        _whole = pool.Rent(Math.Max(1, partial.Bytes));
        var length = 0;
        for (var index = 0; index < partial.Fragments.Length; index++)
        {
            partial.Fragments[index].AsSpan(0, partial.Lengths[index]).CopyTo(_whole.AsSpan(length));
            length += partial.Lengths[index];
        }

        return _whole.AsSpan(0, length);
    }

    private void ForgetOld(long nowMicroseconds)
    {
        while (_byAge.First is { } first && nowMicroseconds - first.Value.SinceMicroseconds > MostMicroseconds)
        {
            Forget(first.Value, isIncomplete: true);
        }
    }

    private void Forget(Partial partial, bool isIncomplete)
    {
        Incomplete += isIncomplete ? 1 : 0;
        _byAge.Remove(partial.Node!);
        _partials.Remove(partial.Key);
        _bytes -= partial.Bytes;
        foreach (var fragment in partial.Fragments)
        {
            if (fragment is not null)
            {
                pool.Return(fragment);
            }
        }
    }

    private void ReturnWhole()
    {
        if (_whole is { } buffer)
        {
            _whole = null;
            pool.Return(buffer);
        }
    }

    private const int MostOfFlow = 4;

    // All that are looked through when another begins; a path that loses much has as many under way.
    private const int MostPackets = 256;
    private const long MostBytes = 4L * 1024 * 1024;
    private const long MostMicroseconds = 1_000_000;

    private sealed class Partial((uint Flow, ushort Packet) key, int count, long sinceMicroseconds)
    {
        public (uint Flow, ushort Packet) Key { get; } = key;

        public byte[]?[] Fragments { get; } = new byte[count][];

        public int[] Lengths { get; } = new int[count];

        public int Missing { get; set; } = count;

        public int Bytes { get; set; }

        public long SinceMicroseconds { get; } = sinceMicroseconds;

        public LinkedListNode<Partial>? Node { get; set; }
    }
}
