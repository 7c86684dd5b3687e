namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>
/// Which numbers were seen: the highest, and a bit for each of the <see cref="SealingLimits.ReplayWindowNumbers"/> up to it. Ask before a
/// datagram is opened; add only what was authentic.
/// </summary>
internal sealed class ReplayWindow
{
    private const int Numbers = SealingLimits.ReplayWindowNumbers;
    private const int WordBits = 64;

    private readonly ulong[] _words = new ulong[Numbers / WordBits];   // number n has bit n mod Numbers
    private ulong _end;                                                // the highest number seen + 1

    /// <summary>Whether the number was not seen and is not too old to know.</summary>
    public bool IsNew(ulong number) => number >= _end || (_end - number <= Numbers && (_words[Word(number)] & Bit(number)) == 0);

    /// <summary>The number, which must be new, has been seen. Never the last of all numbers.</summary>
    public void Add(ulong number)
    {
        if (number >= _end)
        {
            Advance(number + 1);
        }

        _words[Word(number)] |= Bit(number);
    }

    private static int Word(ulong number) => (int)(number / WordBits % (Numbers / WordBits));

    private static ulong Bit(ulong number) => 1UL << (int)(number % WordBits);

    /// <summary>Clears the bits of the numbers from the old end up to the new one, which older numbers used before.</summary>
    private void Advance(ulong end)
    {
        if (end - _end >= Numbers)
        {
            Array.Clear(_words);
        }
        else
        {
            for (var number = _end; number < end;)
            {
                if (number % WordBits == 0 && end - number >= WordBits)
                {
                    _words[Word(number)] = 0;
                    number += WordBits;
                }
                else
                {
                    _words[Word(number)] &= ~Bit(number);
                    number++;
                }
            }
        }

        _end = end;
    }
}
