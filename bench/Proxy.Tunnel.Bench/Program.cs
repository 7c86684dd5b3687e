using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using Proxy.Tunnel.Native.Fec;

// What forward error correction costs: megabytes of members a second and core, for one shard. Best of five, as the machine is shared.
const int MemberBytes = 1400;
const int Members = 32;
const int Rounds = 20_000;
var member = new byte[MemberBytes];
new Random(1).NextBytes(member);
var shards = new byte[8 * MemberBytes];

Console.WriteLine("multiply and add                        MB/s");
Measure("  as engines do", () => GaloisField.MultiplyAdd(0x8e, member, shards), 1, Rounds * Members);
if (Avx2.IsSupported)
{
    Measure("  256 bits", () => GaloisField.MultiplyAdd256(0x8e, member, shards), 1, Rounds * Members);
}

Measure("  128 bits", () => GaloisField.MultiplyAdd128(0x8e, member, shards), 1, Rounds * Members);
Measure("  byte after byte", () => GaloisField.MultiplyAddBytes(0x8e, member, shards), 1, Rounds);
Console.WriteLine($"groups of {Members}                            MB/s");
Measure("  3 shards made", () => Make(3), Members, Rounds / 4);
byte[] indices = [0, 1, 2, 3, 4, 5, 6, 7];
byte[] missing = [3, 5, 7, 11, 13, 17, 19, 23];
Measure("  1 member mended, taken out and solved", () => Mend(1), Members, Rounds / 4);
Measure("  8 members mended", () => Mend(8), Members, Rounds / 16);

void Make(int count)
{
    for (var shard = 0; shard < count; shard++)
    {
        for (var index = 0; index < Members; index++)
        {
            ErasureCode.Add(shard, index, member, shards.AsSpan(shard * MemberBytes, MemberBytes));
        }
    }
}

void Mend(int count)
{
    Make(count);
    ErasureCode.Solve(indices.AsSpan(0, count), missing.AsSpan(0, count), shards, MemberBytes, MemberBytes);
}

static void Measure(string name, Action work, int membersEach, int rounds)
{
    var best = TimeSpan.MaxValue;
    for (var run = 0; run < 5; run++)
    {
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds; round++)
        {
            work();
        }

        var elapsed = Stopwatch.GetElapsedTime(start);
        best = elapsed < best ? elapsed : best;
    }

    Console.WriteLine($"{name,-38} {(double)MemberBytes * membersEach * rounds / best.TotalSeconds / 1e6,7:0}");
}
