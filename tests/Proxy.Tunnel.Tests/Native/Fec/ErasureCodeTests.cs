using Proxy.TestKit;
using Proxy.Tunnel.Native.Fec;

namespace Proxy.Tunnel.Tests.Native.Fec;

public sealed class ErasureCodeTests
{
    [Fact]
    public void Two_members_have_this_shard()
    {
        var shard = new byte[4];
        ErasureCode.Add(0, 0, Bytes.Hex("01020304"), shard);
        Assert.Equal(GaloisField.Invert(0xff), shard[0]);
        ErasureCode.Add(0, 1, Bytes.Hex("ffee"), shard);
        Assert.Equal("82551AD3", Convert.ToHexString(shard));
    }

    [Fact]
    public void As_many_shards_as_members_are_missing_bring_them_back_whichever_they_are() => Property.Check(400, random =>
    {
        const int Stride = 160;
        var members = Enumerable.Range(0, random.Next(1, ErasureCode.MostMembers + 1)).Select(_ => Bytes.Random(random.Next(1, 151), random.Next())).ToArray();
        var shardBytes = members.Max(member => member.Length);
        var missing = Choose(random, members.Length, random.Next(1, Math.Min(members.Length, ErasureCode.MostShards) + 1));
        var shards = Choose(random, ErasureCode.MostShards, missing.Length);
        var bytes = new byte[Stride * shards.Length];
        for (var row = 0; row < shards.Length; row++)
        {
            for (var member = 0; member < members.Length; member++)
            {
                ErasureCode.Add(shards[row], member, members[member], bytes.AsSpan(row * Stride, shardBytes));
            }

            foreach (var member in Enumerable.Range(0, members.Length).Where(member => !missing.Contains((byte)member)))
            {
                ErasureCode.Add(shards[row], member, members[member], bytes.AsSpan(row * Stride, shardBytes));
            }
        }

        ErasureCode.Solve(shards, missing, bytes, Stride, shardBytes);
        for (var row = 0; row < missing.Length; row++)
        {
            var made = bytes.AsSpan(row * Stride, shardBytes);
            var member = members[missing[row]];
            Assert.Equal(member, made[..member.Length].ToArray());
            Assert.False(made[member.Length..].ContainsAnyExcept((byte)0));
        }
    });

    private static byte[] Choose(Random random, int from, int count)
    {
        var all = Enumerable.Range(0, from).Select(value => (byte)value).ToArray();
        random.Shuffle(all);
        return all[..count];
    }
}
