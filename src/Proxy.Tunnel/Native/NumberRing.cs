using System.Numerics;

namespace Proxy.Tunnel.Native;

/// <summary>
/// Slots addressed by ever growing numbers. Grows on demand; which numbers are in use is the owner's knowledge, and so is the limit.
/// </summary>
internal struct NumberRing<T>
    where T : struct
{
    private const int SmallestCapacity = 16;

    private T[] _slots;

    public NumberRing()
    {
        _slots = [];
    }

    public readonly ref T this[ulong number] => ref _slots[(int)(number & (ulong)(_slots.Length - 1))];

    /// <summary>
    /// Makes room for the numbers from <paramref name="first"/> to below <paramref name="end"/>, of which all but the last are kept.
    /// </summary>
    public void Reserve(ulong first, ulong end)
    {
        var needed = (int)(end - first);
        if (needed <= _slots.Length)
        {
            return;
        }

        var grown = new T[Math.Max(SmallestCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)needed))];
        for (var number = first; number + 1 < end; number++)
        {
            grown[(int)(number & (ulong)(grown.Length - 1))] = this[number];
        }

        _slots = grown;
    }
}
