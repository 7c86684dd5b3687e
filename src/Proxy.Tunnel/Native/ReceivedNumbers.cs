using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native;

/// <summary>
/// Which datagrams arrived, as ranges, upward. Numbers that the peer knows to have been acknowledged are forgotten; so are the oldest
/// ranges when there are too many: what is forgotten and comes late counts as received, and its sender finds it lost.
/// </summary>
internal sealed class ReceivedNumbers
{
    /// <summary>Eight acknowledgements full of holes; more holes than that within a round trip is not a working path.</summary>
    private const int MaximumRanges = 8 * 64;

    /// <summary>No gap and no length on the wire may be larger.</summary>
    private const ulong MostSpan = uint.MaxValue / 2;

    private readonly NumberRange[] _ranges = new NumberRange[MaximumRanges];
    private int _count;
    private ulong _floor; // below it everything is forgotten

    public bool IsEmpty => _count == 0;

    public int Count => _count;

    public ulong Largest => _ranges[_count - 1].Last;

    /// <summary>When <see cref="Largest"/> arrived.</summary>
    public long LargestAtMicroseconds { get; private set; }

    public bool Contains(ulong number)
    {
        if (number < _floor)
        {
            return true;
        }

        var index = IndexBelow(number);
        return index >= 0 && number <= _ranges[index].Last;
    }

    /// <summary>Notes a number that is not contained. Gives whether it came in order, right behind the largest so far.</summary>
    public bool Add(ulong number, long nowMicroseconds)
    {
        var index = IndexBelow(number);
        var isLargest = index == _count - 1;
        var isInOrder = isLargest && (index < 0 || _ranges[index].Last + 1 == number);
        if (isLargest)
        {
            LargestAtMicroseconds = nowMicroseconds;
        }

        if (index >= 0 && _ranges[index].Last + 1 == number)
        {
            _ranges[index] = _ranges[index] with { Last = number };
            MergeWithNext(index);
        }
        else if (index + 1 < _count && _ranges[index + 1].First == number + 1)
        {
            _ranges[index + 1] = _ranges[index + 1] with { First = number };
        }
        else
        {
            Insert(index + 1, new NumberRange(number, number));
        }

        if (Largest - _ranges[0].First > MostSpan)
        {
            ForgetUpTo(Largest - MostSpan);
        }

        return isInOrder;
    }

    /// <summary>The peer knows of everything up to <paramref name="last"/>.</summary>
    public void ForgetUpTo(ulong last)
    {
        if (last < _floor)
        {
            return;
        }

        _floor = last + 1;
        var gone = 0;
        while (gone < _count && _ranges[gone].Last <= last)
        {
            gone++;
        }

        RemoveFirst(gone);
        if (_count > 0 && _ranges[0].First <= last)
        {
            _ranges[0] = _ranges[0] with { First = last + 1 };
        }
    }

    /// <summary>The newest ranges, at most so many, upward.</summary>
    public ReadOnlySpan<NumberRange> Newest(int most) => _ranges.AsSpan(Math.Max(0, _count - most), Math.Min(_count, most));

    /// <summary>The last range that begins at or below the number; -1 when there is none.</summary>
    private int IndexBelow(ulong number)
    {
        var index = _count - 1;
        while (index >= 0 && _ranges[index].First > number)
        {
            index--;
        }

        return index;
    }

    private void Insert(int index, NumberRange range)
    {
        if (_count == MaximumRanges)
        {
            if (index == 0)
            {
                return;
            }

            _floor = _ranges[0].Last + 1;
            RemoveFirst(1);
            index--;
        }

        Array.Copy(_ranges, index, _ranges, index + 1, _count - index);
        _ranges[index] = range;
        _count++;
    }

    private void MergeWithNext(int index)
    {
        if (index + 1 < _count && _ranges[index + 1].First == _ranges[index].Last + 1)
        {
            _ranges[index] = _ranges[index] with { Last = _ranges[index + 1].Last };
            Array.Copy(_ranges, index + 2, _ranges, index + 1, _count - index - 2);
            _count--;
        }
    }

    private void RemoveFirst(int count)
    {
        if (count > 0)
        {
            Array.Copy(_ranges, count, _ranges, 0, _count - count);
            _count -= count;
        }
    }
}
