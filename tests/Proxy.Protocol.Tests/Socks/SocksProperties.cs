using Proxy.Protocol.Socks;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Socks;

/// <summary>Right and mutated dialogues, in any pieces.</summary>
public sealed class SocksProperties
{
    private static readonly byte[][] Corpus =
    [
        Bytes.FromHex("05 01 00 | 05 01 00 01 C0000207 0050 | 474554"),
        Bytes.FromHex("05 02 00 02 | 01 05 616C696365 06 736563726574 | 05 01 00 03 0B 6578616D706C652E6F7267 01BB"),
        Bytes.FromHex("05 02 00 02 | 05 03 00 04 20010DB8000000000000000000000001 0016"),
        Bytes.FromHex("04 01 0050 42660763 4672656400 | 474554"),
        Bytes.FromHex("04 01 01BB 00000001 4672656400 6578616D706C652E6F726700"),
    ];

    [Fact]
    public void A_dialogue_ends_the_same_however_it_is_cut() => Check(10_000, (random, bytes, users) =>
    {
        var cuts = Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(bytes.Length + 1)).Order();

        Assert.Equal(Dialogue.Of(bytes, users, []), Dialogue.Of(bytes, users, cuts));
        Assert.Equal(Dialogue.Of(bytes, users, []), Dialogue.Of(bytes, users, Enumerable.Range(0, bytes.Length)));
    });

    [Fact]
    public void What_was_decided_is_not_decided_otherwise_when_more_follows() => Check(10_000, (random, bytes, users) =>
    {
        var first = Dialogue.Of(bytes, users, []);
        var longer = Dialogue.Of([.. bytes, .. Enumerable.Range(0, random.Next(1, 20)).Select(_ => (byte)random.Next(256))], users, []);
        if (first.Progress != SocksProgress.NeedMore)
        {
            Assert.Equal(first with { Left = longer.Left }, longer);
        }
    });

    private static void Check(int runs, Action<Random, byte[], ISocksUsers?> check)
    {
        var outcomes = new HashSet<SocksProgress>();
        Property.Check(runs, random =>
        {
            var bytes = random.Next(8) == 0 ? Corpus[random.Next(Corpus.Length)] : Mutator.Mutate(random, Corpus);
            var users = random.Next(2) == 0 ? Dialogue.Alice : null;
            outcomes.Add(Dialogue.Of(bytes, users, []).Progress);
            check(random, bytes, users);
        });
        Assert.Equal(3, outcomes.Count);
    }
}
