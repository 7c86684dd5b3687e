using System.Text;
using Proxy.Protocol.Http;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Http;

public sealed class HttpBodyReaderTests
{
    private static readonly HttpBody Chunked = new(HttpBodyKind.Chunked, 0);

    [Theory]
    [InlineData("0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("00000005\r\nhello\r\nA\r\n0123456789\r\n000\r\n\r\n")]
    [InlineData("5;name=value\r\nhello\r\n0;last\r\n\r\n")]
    [InlineData("5 \r\nhello\r\n0\r\nTrailer: 1\r\nOther: 2\r\n\r\n")]
    [InlineData("2\r\n\r\n\r\n0\r\n\r\n")]
    public void A_chunked_body_ends_behind_its_last_chunk_and_trailers(string body)
    {
        var reader = new HttpBodyReader(Chunked);

        Assert.Equal(body.Length, reader.Take(Encoding.ASCII.GetBytes(body + "GET http://next/ HTTP/1.1\r\n")));
        Assert.Equal((true, HttpRule.None), (reader.IsComplete, reader.BrokenRule));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("g\r\n")]
    [InlineData(";x\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("0x5\r\nhello\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\r\nhello")]
    [InlineData("5\rhello")]
    [InlineData("5\r\nhello0\r\n\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\r\nhello!\r\n")]
    [InlineData("5;a\nb\r\nhello")]
    [InlineData("0\r\nA: 1\n\r\n")]
    [InlineData("ffffffffffffffff\r\n")]
    [InlineData("10000000000000005\r\nhello")]
    public void A_chunk_that_could_be_read_in_two_ways_breaks_a_rule(string body)
    {
        var reader = new HttpBodyReader(Chunked);
        var bytes = Encoding.ASCII.GetBytes(body);

        reader.Take(bytes);

        Assert.Equal((false, HttpRule.BadChunk), (reader.IsComplete, reader.BrokenRule));
        Assert.Equal(0, reader.Take(bytes));
    }

    [Fact]
    public void An_extension_and_the_trailers_have_a_limit()
    {
        foreach (var body in (string[])["5;" + new string('a', 5000), "0\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 1000))])
        {
            var reader = new HttpBodyReader(Chunked);

            Assert.InRange(reader.Take(Encoding.ASCII.GetBytes(body)), 1, 4200);
            Assert.Equal(HttpRule.BadChunk, reader.BrokenRule);
        }
    }

    [Fact]
    public void A_body_with_a_length_ends_there_and_one_without_goes_on()
    {
        var five = new HttpBodyReader(new HttpBody(HttpBodyKind.Length, 5));
        var endless = new HttpBodyReader(new HttpBody(HttpBodyKind.UntilClose, 0));

        Assert.True(new HttpBodyReader(HttpBody.None).IsComplete);
        Assert.Equal((3, false), (five.Take("hel"u8), five.IsComplete));
        Assert.Equal((2, true), (five.Take("loGET"u8), five.IsComplete));
        Assert.Equal(0, five.Take("GET"u8));
        Assert.Equal((3, false), (endless.Take("GET"u8), endless.IsComplete));
    }

    [Fact]
    public void A_chunked_body_ends_at_the_same_byte_however_it_is_cut_and_mutated()
    {
        var ends = new HashSet<(bool, HttpRule)>();
        Property.Check(10_000, random =>
        {
            byte[][] corpus = [Valid(random), Valid(random)];
            var bytes = random.Next(4) == 0 ? corpus[0] : Mutator.Mutate(random, corpus);

            var whole = Take(bytes, [bytes.Length]);

            ends.Add((whole.IsComplete, whole.Broken));
            Assert.Equal(whole, Take(bytes, Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(bytes.Length + 1)).Order().Append(bytes.Length)));
            Assert.Equal(whole, Take(bytes, Enumerable.Range(1, bytes.Length)));
        });
        Assert.Equal(3, ends.Count);
    }

    private static (int Taken, bool IsComplete, HttpRule Broken) Take(byte[] bytes, IEnumerable<int> ends)
    {
        var reader = new HttpBodyReader(Chunked);
        var taken = 0;
        foreach (var end in ends)
        {
            var count = reader.Take(bytes.AsSpan(taken, Math.Max(0, end - taken)));
            taken += count;
            if (reader.IsComplete || reader.BrokenRule != HttpRule.None)
            {
                break;
            }

            Assert.Equal(Math.Max(taken, end), taken);
        }

        return (taken, reader.IsComplete, reader.BrokenRule);
    }

    private static byte[] Valid(Random random)
    {
        var body = new StringBuilder();
        for (var chunks = random.Next(4); chunks > 0; chunks--)
        {
            var size = random.Next(1, 40);
            body.Append(System.Globalization.CultureInfo.InvariantCulture, $"{size:x}{(random.Next(4) == 0 ? ";a=b" : "")}\r\n{new string('x', size)}\r\n");
        }

        return Encoding.ASCII.GetBytes(body.Append(random.Next(2) == 0 ? "0\r\n\r\n" : "0\r\nA: b\r\n\r\n").ToString());
    }
}
