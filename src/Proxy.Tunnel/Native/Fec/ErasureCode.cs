namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// A systematic Reed–Solomon code in Cauchy's form. Members travel as they are; shard <c>j</c> is the sum of all members <c>i</c>, each times
/// 1 / (x<sub>j</sub> + y<sub>i</sub>) with x<sub>j</sub> = 255 − j and y<sub>i</sub> = i. Any square part of such a matrix can be inverted, so as
/// many shards as members are missing bring them back, whichever they are; and a coefficient does not depend on how many members there are.
/// Members that are shorter than the shard count as followed by zeros. Pure; nothing is allocated.
/// </summary>
internal static class ErasureCode
{
    /// <summary>Members of a group, at most.</summary>
    public const int MostMembers = 64;

    /// <summary>Shards of a group, at most: more losses than that out of <see cref="MostMembers"/> are not mended but resent.</summary>
    public const int MostShards = 16;

    public static byte Coefficient(int shard, int member) => GaloisField.Invert((byte)((255 - shard) ^ member));

    /// <summary>Adds a member to a shard. The same once more takes it out again.</summary>
    /// <param name="shard">Below <see cref="MostShards"/>.</param>
    /// <param name="member">Below <see cref="MostMembers"/>.</param>
    /// <param name="bytes">The member, or a stretch of it.</param>
    /// <param name="sum">The shard, or the same stretch of it; not shorter than <paramref name="bytes"/>.</param>
    public static void Add(int shard, int member, ReadOnlySpan<byte> bytes, Span<byte> sum) =>
        GaloisField.MultiplyAdd(Coefficient(shard, member), bytes, sum);

    /// <summary>
    /// Makes the missing members out of as many shards, in their place: afterwards the n-th shard's bytes are those of the n-th missing member.
    /// All other members must have been taken out of the shards.
    /// </summary>
    /// <param name="shards">Indices of the shards, all different.</param>
    /// <param name="missing">Indices of the members, all different; as many.</param>
    /// <param name="bytes">The shards back to back, <paramref name="strideBytes"/> apart.</param>
    /// <param name="strideBytes">From the beginning of one shard to that of the next.</param>
    /// <param name="shardBytes">Of each shard.</param>
    public static void Solve(ReadOnlySpan<byte> shards, ReadOnlySpan<byte> missing, Span<byte> bytes, int strideBytes, int shardBytes)
    {
        var count = missing.Length;
        Span<byte> matrix = stackalloc byte[MostShards * MostShards];
        for (var row = 0; row < count; row++)
        {
            for (var column = 0; column < count; column++)
            {
                matrix[(row * count) + column] = Coefficient(shards[row], missing[column]);
            }
        }

        // Gauss and Jordan without exchanges: the leading parts of a Cauchy matrix can be inverted as well, so no pivot is 0.
        for (var pivot = 0; pivot < count; pivot++)
        {
            var pivotRow = matrix.Slice(pivot * count, count);
            var pivotBytes = bytes.Slice(pivot * strideBytes, shardBytes);
            var inverse = GaloisField.Invert(pivotRow[pivot]);
            GaloisField.Scale(inverse, pivotRow);
            GaloisField.Scale(inverse, pivotBytes);
            for (var row = 0; row < count; row++)
            {
                var factor = matrix[(row * count) + pivot];
                if (row != pivot && factor != 0)
                {
                    GaloisField.MultiplyAdd(factor, pivotRow, matrix.Slice(row * count, count));
                    GaloisField.MultiplyAdd(factor, pivotBytes, bytes.Slice(row * strideBytes, shardBytes));
                }
            }
        }
    }
}
