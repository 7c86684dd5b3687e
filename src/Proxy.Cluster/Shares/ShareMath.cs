namespace Proxy.Cluster.Shares;

/// <summary>How a limit is divided. Pure.</summary>
public static class ShareMath
{
    /// <summary>
    /// Divides <paramref name="limit"/> by what each node wants: at least a twentieth each (half of an equal part where there are more than ten
    /// nodes), the rest in proportion. The parts are whole and sum up to the limit; the result depends on the numbers and their order alone.
    /// </summary>
    public static long[] Divide(long limit, ReadOnlySpan<long> wanted)
    {
        if (wanted.Length == 0)
        {
            return [];
        }

        var parts = new long[wanted.Length];
        var floor = wanted.Length <= ManyNodes ? limit / FloorPart : limit / (2 * wanted.Length);
        Array.Fill(parts, floor);
        var rest = limit - (floor * wanted.Length);
        var sum = 0.0;
        foreach (var one in wanted)
        {
            sum += Math.Max(0, one);
        }

        var remainders = new (double Remainder, int Index)[wanted.Length];
        var given = 0L;
        for (var index = 0; index < wanted.Length; index++)
        {
            var exact = sum > 0 ? rest * (Math.Max(0, wanted[index]) / sum) : (double)rest / wanted.Length;
            var whole = (long)exact;
            parts[index] += whole;
            given += whole;
            remainders[index] = (exact - whole, index);
        }

        // The largest remainders get what rounding has left; the earlier of two equal ones.
        Array.Sort(
            remainders,
            (one, other) => other.Remainder.CompareTo(one.Remainder) is not 0 and var order ? order : one.Index.CompareTo(other.Index));
        for (var index = 0; given < rest; index = (index + 1) % remainders.Length, given++)
        {
            parts[remainders[index].Index]++;
        }

        for (var index = 0; given > rest; index = (index + 1) % parts.Length)
        {
            // A double that was rounded up; only for limits beyond what a double counts exactly.
            if (parts[index] > floor)
            {
                parts[index]--;
                given--;
            }
        }

        return parts;
    }

    private const int ManyNodes = 10;
    private const int FloorPart = 20;
}
