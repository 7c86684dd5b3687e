using System.Numerics;

namespace Proxy.Kcp;

/// <summary>
/// Slots addressed by sequence number; the capacity is a power of two, so numbers may wrap. Holds nothing until first used and grows
/// on demand: an idle engine is small. Which numbers are in use is the owner's knowledge; who grows it keeps the limit.
/// </summary>
internal struct SequenceRing<T>
{
    private const int SmallestCapacity = 8;

    private T[] _slots;

    public SequenceRing()
    {
        _slots = [];
    }

    public readonly int Capacity => _slots.Length;

    public readonly ref T this[uint sequenceNumber] => ref _slots[(int)(sequenceNumber & (uint)(_slots.Length - 1))];

    /// <summary>
    /// Makes room for <paramref name="needed"/> numbers from <paramref name="first"/> on, of which the first <paramref name="used"/> are kept.
    /// </summary>
    public void Reserve(uint first, int used, int needed)
    {
        if (needed > _slots.Length)
        {
            Grow(first, used, needed);
        }
    }

    /// <summary>Gives the memory back; no number may be in use.</summary>
    public void Release() => _slots = [];

    private void Grow(uint first, int used, int needed)
    {
        var grown = new T[Math.Max(SmallestCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)needed))];
        for (var offset = 0u; offset < used; offset++)
        {
            grown[(int)((first + offset) & (uint)(grown.Length - 1))] = this[first + offset];
        }

        _slots = grown;
    }
}
