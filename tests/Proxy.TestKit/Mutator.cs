namespace Proxy.TestKit;

/// <summary>
/// Makes wrong inputs out of right ones: what a fuzzer does between two runs, from a seed. The inputs it is given stay as they are.
/// </summary>
public static class Mutator
{
    private static readonly byte[] Interesting = [0, 1, 0x0F, 0x10, 0x3F, 0x40, 0x41, 0x7F, 0x80, 0xFE, 0xFF];

    /// <summary>One of the corpus with 1 to 6 changes: bits, bytes, pieces cut, doubled or taken from another one, ends lost or added.</summary>
    public static byte[] Mutate(Random random, IReadOnlyList<byte[]> corpus)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(corpus);
        var bytes = new List<byte>(corpus[random.Next(corpus.Count)]);
        for (var change = random.Next(1, 7); change > 0; change--)
        {
            Change(random, bytes, corpus);
        }

        return [.. bytes];
    }

    private static void Change(Random random, List<byte> bytes, IReadOnlyList<byte[]> corpus)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)random.Next(256));
            return;
        }

        // Near the front as often as anywhere: that is where the fields are.
        var at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Count, 32) : bytes.Count);
        var piece = Math.Min(random.Next(1, 20), bytes.Count - at);
        switch (random.Next(9))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = Interesting[random.Next(Interesting.Length)];
                break;
            case 2:
                bytes[at] = (byte)random.Next(256);
                break;
            case 3:
                bytes[at] += (byte)(random.Next(2) == 0 ? 1 : -1);
                break;
            case 4:
                bytes.RemoveRange(at, piece);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, piece));
                break;
            case 6:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 7:
                bytes.AddRange(Enumerable.Range(0, piece).Select(_ => (byte)random.Next(256)));
                break;
            default:
                var other = corpus[random.Next(corpus.Count)];
                var from = random.Next(other.Length + 1);
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other.AsSpan(from));
                break;
        }
    }
}
