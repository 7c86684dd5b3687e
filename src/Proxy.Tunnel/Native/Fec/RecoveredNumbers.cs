using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// Numbers of datagrams that were made out of others, to be told to their sender with the next acknowledgements, each a few times as those may
/// be lost. Not told is no harm: it is sent again then.
/// </summary>
internal sealed class RecoveredNumbers
{
    public const int MostRanges = 32;

    private const int Times = 3;

    // No gap on the wire may be larger.
    private const ulong MostSpan = uint.MaxValue / 2;

    private readonly ulong[] _numbers = new ulong[MostRanges]; // upward
    private readonly byte[] _told = new byte[MostRanges];
    private int _count;

    public bool IsEmpty => _count == 0;

    public void Add(ulong number)
    {
        var index = _count;
        while (index > 0 && _numbers[index - 1] >= number)
        {
            index--;
        }

        if (index < _count && _numbers[index] == number)
        {
            return;
        }

        if (_count == MostRanges)
        {
            if (index == 0)
            {
                return;
            }

            RemoveAt(0);
            index--;
        }

        _numbers.AsSpan(index, _count - index).CopyTo(_numbers.AsSpan(index + 1));
        _told.AsSpan(index, _count - index).CopyTo(_told.AsSpan(index + 1));
        (_numbers[index], _told[index]) = (number, 0);
        _count++;
        while (_numbers[_count - 1] - _numbers[0] > MostSpan)
        {
            RemoveAt(0);
        }
    }

    /// <summary>Writes a part with the newest that fit, and gives its length; 0 when there is nothing to tell or no room.</summary>
    public int Write(Span<byte> room)
    {
        var fitting = Math.Min(RecoveredPart.RangesIn(room.Length), _count);
        if (fitting <= 0)
        {
            return 0;
        }

        Span<NumberRange> ranges = stackalloc NumberRange[MostRanges];
        var count = 0;
        for (var index = _count - fitting; index < _count; index++)
        {
            var number = _numbers[index];
            if (count > 0 && ranges[count - 1].Last + 1 == number)
            {
                ranges[count - 1] = ranges[count - 1] with { Last = number };
            }
            else
            {
                ranges[count++] = new NumberRange(number, number);
            }

            _told[index]++;
        }

        for (var index = _count - 1; index >= 0; index--)
        {
            if (_told[index] == Times)
            {
                RemoveAt(index);
            }
        }

        return RecoveredPart.Write(room, ranges[..count]);
    }

    private void RemoveAt(int index)
    {
        _numbers.AsSpan(index + 1, _count - index - 1).CopyTo(_numbers.AsSpan(index));
        _told.AsSpan(index + 1, _count - index - 1).CopyTo(_told.AsSpan(index));
        _count--;
    }
}
