using System.Security.Authentication;
using Proxy.Protocol.Tls;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Tls;

public sealed class ClientHelloPropertyTests
{
    private static readonly byte[] Hello12 = Hellos.Real("property.example", SslProtocols.Tls12, "h2", "http/1.1");
    private static readonly byte[] Hello13 = Hellos.Real("property.example", SslProtocols.Tls13, "h2", "http/1.1");

    [Fact]
    public void However_a_hello_is_cut_it_says_the_same()
    {
        Property.Check(500, random =>
        {
            var message = Hellos.Unwrap(random.Next(2) == 0 ? Hello12 : Hello13);
            var most = random.Next(1, 300);
            var records = Hellos.Records(message, () => random.Next(1, most + 1));
            Assert.Equal(ReadStatus.NeedMore, ClientHelloReader.TryRead(records.AsSpan(0, random.Next(records.Length)), out _, out _));
            Assert.Equal(ReadStatus.Done, ClientHelloReader.TryRead(records, out var hello, out _));
            Assert.Equal("property.example", hello!.ServerName);
            Assert.Equal(["h2", "http/1.1"], hello.ApplicationProtocols);
        });
    }

    [Fact]
    public void Changed_hellos_end_as_values()
    {
        var counts = new Dictionary<ReadStatus, int>();
        Property.Check(20_000, random =>
        {
            var bytes = (random.Next(2) == 0 ? Hello12 : Hello13).ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var status = Survive(bytes);
            counts[status] = counts.GetValueOrDefault(status) + 1;
        });
        Assert.True(counts.GetValueOrDefault(ReadStatus.Malformed) > 0 && counts.GetValueOrDefault(ReadStatus.Done) > 0, "Nothing was tried.");
    }

    [Fact]
    public void Random_extensions_end_as_values()
    {
        Property.Check(10_000, random =>
        {
            var extensions = Enumerable.Range(0, random.Next(1, 5)).Select(_ =>
            {
                var noise = new byte[random.Next(12)];
                random.NextBytes(noise);
                for (var index = 0; index < noise.Length; index++)
                {
                    noise[index] = random.Next(3) == 0 ? (byte)0 : (byte)(noise[index] % 12);
                }

                return Hellos.Extension(random.GetItems<ushort>([0, 16, 43, 77], 1)[0], Convert.ToHexString(noise));
            });
            Survive(Hellos.Made([.. extensions]));
        });
    }

    [Fact]
    public void A_reader_never_changes_its_mind()
    {
        Property.Check(200, random =>
        {
            var bytes = Hellos.Record(Hellos.Unwrap(Hello13), random.Next(1, 200));
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            var last = ReadStatus.NeedMore;
            for (var length = 0; length <= bytes.Length; length++)
            {
                var status = ClientHelloReader.TryRead(bytes.AsSpan(0, length), out _, out _);
                Assert.True(last == ReadStatus.NeedMore || status == last, $"{last} became {status} at {length}.");
                last = status;
            }
        });
    }

    private static ReadStatus Survive(byte[] input)
    {
        var status = ClientHelloReader.TryRead(input, out var hello, out var broken);
        Assert.Equal(status == ReadStatus.Done, hello is not null);
        Assert.Equal(status == ReadStatus.Malformed, broken != ClientHelloRule.None);

        var padded = new byte[ProtocolLimits.ClientHelloBytes];
        input.CopyTo(padded, 0);
        Assert.NotEqual(ReadStatus.NeedMore, ClientHelloReader.TryRead(padded, out _, out _));
        return status;
    }
}
