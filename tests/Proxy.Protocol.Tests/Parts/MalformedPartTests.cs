using Proxy.Protocol.Parts;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Parts;

public sealed class MalformedPartTests
{
    [Theory]
    [InlineData("0a", PartRule.UnknownType)]
    [InlineData("1f 00", PartRule.UnknownType)]
    [InlineData("21", PartRule.UnknownType)]
    [InlineData("3f 00", PartRule.UnknownType)]
    [InlineData("00", PartRule.CutShort)]
    [InlineData("00 0001", PartRule.CutShort)]
    [InlineData("03 01020304050607", PartRule.CutShort)]
    [InlineData("08 00", PartRule.CutShort)]
    [InlineData("02 0000000000000005 00000000", PartRule.CutShort)]
    [InlineData("02 0000000000000005 00000000 01 00000000 000000", PartRule.CutShort)]
    [InlineData("02 0000000000000005 00000000 00", PartRule.BadRanges)]
    [InlineData("02 0000000000000005 00000000 41", PartRule.BadRanges)]
    [InlineData("02 0000000000000005 00000000 01 00000001 00000001", PartRule.BadRanges)]
    [InlineData("02 0000000000000005 00000000 01 00000000 00000000", PartRule.BadRanges)]
    [InlineData("02 0000000000000005 00000000 01 00000000 00000007", PartRule.BadRanges)]
    [InlineData("02 0000000000000005 00000000 02 00000000 00000001 00000000 00000001", PartRule.BadRanges)]
    [InlineData("02 0000000000000005 00000000 02 00000000 00000001 00000005 00000001", PartRule.BadRanges)]
    [InlineData("02 ffffffffffffffff 00000000 01 00000000 00000001", PartRule.BadRanges)]
    [InlineData("06 0000000000000005 00", PartRule.BadRanges)]
    [InlineData("01 00000007 00 0003 abcd", PartRule.CutShort)]
    [InlineData("01 00000007 02 0001 02 02 0000", PartRule.BadFragment)]
    [InlineData("01 00000007 02 0001 00 09 0000", PartRule.BadFragment)]
    [InlineData("01 00000007 02 0001 00 01 0000", PartRule.BadFragment)]
    [InlineData("05 0000000000000009 00 01 0002 abcd", PartRule.BadShard)]
    [InlineData("05 0000000000000009 01 01 0000", PartRule.BadShard)]
    [InlineData("09 00 01 00000001 0001 aa", PartRule.BadPiece)]
    [InlineData("09 01 01 00000001 0000", PartRule.BadPiece)]
    [InlineData("09 02 01 00000001 0001 aa", PartRule.BadPiece)]
    [InlineData("09 01 01 00000001 0002 aa", PartRule.CutShort)]
    public void A_broken_rule_is_named(string hex, PartRule rule)
    {
        Assert.Equal([$"malformed: {rule}"], ReadParts.All(hex));
        Assert.NotEqual("a malformed part", rule.Text());
    }

    [Fact]
    public void Random_and_changed_bodies_end_as_values()
    {
        var malformed = 0;
        Property.Check(5000, random =>
        {
            var body = RandomBody(random);
            for (var change = random.Next(4); change > 0 && body.Length > 0; change--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(random.Next(2) == 0 ? 10 : 256);
            }

            var lines = ReadParts.All(body.AsSpan(0, random.Next(body.Length + 1)));
            malformed += lines.Length > 0 && lines[^1].StartsWith("malformed", StringComparison.Ordinal) ? 1 : 0;
        });
        Assert.True(malformed > 0, "No change broke anything: the property proves nothing.");
    }

    [Fact]
    public void Ranges_come_back_as_they_were_written()
    {
        Property.Check(2000, random =>
        {
            var ranges = new List<NumberRange>();
            var next = (ulong)random.NextInt64(1L << 40);
            for (var count = random.Next(1, 65); count > 0; count--)
            {
                var last = next + (ulong)random.Next(1000);
                ranges.Add(new NumberRange(next, last));
                next = last + 2 + (ulong)random.Next(1000);
            }

            var part = new byte[600];
            var length = AcknowledgementPart.Write(part, ranges.ToArray(), 7);
            ranges.Reverse();
            var expected = string.Join(' ', ranges.Select(range => $"{range.First}-{range.Last}"));
            Assert.Equal([$"ACK {expected} after 7"], ReadParts.All(part.AsSpan(0, length)));
        });
    }

    private static byte[] RandomBody(Random random)
    {
        var body = new List<byte>();
        for (var count = random.Next(6); count > 0; count--)
        {
            var part = new byte[700];
            random.NextBytes(part);
            var length = random.Next(5) switch
            {
                0 => AcknowledgementPart.Write(part, [new NumberRange(4, 9), new NumberRange(20, 30)], random.Next()),
                1 => PathPart.WriteChallenge(part, 5),
                2 => RecoveredPart.Write(part, [new NumberRange(4, 9)]),
                3 => Kcp(part, random.Next(100)),
                _ => random.Next(40),
            };
            body.AddRange(part.AsSpan(0, length));
        }

        return [.. body];
    }

    private static int Kcp(Span<byte> part, int bytes)
    {
        KcpPart.WriteHeader(part, bytes);
        return KcpPart.HeaderBytes + bytes;
    }
}
