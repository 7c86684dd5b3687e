using System.Net;
using Proxy.Protocol.ProxyProtocol;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.ProxyProtocol;

public sealed class ProxyPropertyTests
{
    [Fact]
    public void Whatever_is_written_is_read_again_and_every_beginning_needs_more()
    {
        Property.Check(500, random =>
        {
            var withChecksum = random.Next(2) == 0;
            var header = RandomHeader(random);
            var bytes = WriteV2(header, withChecksum);
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.Equal(ReadStatus.NeedMore, ProxyHeaderReader.TryRead(bytes.AsSpan(0, length), out _, out _, out _));
            }

            Assert.Equal(ReadStatus.Done, ProxyHeaderReader.TryRead(bytes, out var consumed, out var read, out _));
            Assert.Equal(bytes.Length, consumed);
            Assert.Equal((header.Source, header.Destination, header.Transport), (read!.Source, read.Destination, read.Transport));
            Assert.Equal(bytes, WriteV2(read, withChecksum));
        });
    }

    [Fact]
    public void Changed_headers_end_as_values()
    {
        var malformed = 0;
        Property.Check(10_000, random =>
        {
            var bytes = random.Next(2) == 0 ? WriteV2(RandomHeader(random), random.Next(2) == 0) : WriteV1(RandomHeader(random));
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            malformed += Survive(bytes) == ReadStatus.Malformed ? 1 : 0;
        });
        Assert.True(malformed > 0, "No change broke anything: the property proves nothing.");
    }

    [Fact]
    public void Random_fields_end_as_values()
    {
        var done = 0;
        Property.Check(10_000, random =>
        {
            var bytes = new byte[28 + random.Next(60)];
            random.NextBytes(bytes);
            Bytes.FromHex("0d0a0d0a000d0a515549540a2111").CopyTo(bytes, 0);
            (bytes[14], bytes[15]) = (0, (byte)(bytes.Length - 16));

            // Types and small lengths that make something of the noise.
            for (var offset = 28; offset + 3 <= bytes.Length; offset += 3 + bytes[offset + 2])
            {
                bytes[offset] = random.GetItems<byte>([1, 2, 4, 5, 0x20, 0x30, 0xee], 1)[0];
                (bytes[offset + 1], bytes[offset + 2]) = (0, (byte)random.Next(20));
            }

            done += Survive(bytes) == ReadStatus.Done ? 1 : 0;
        });
        Assert.True(done > 0, "No header was right: the property proves nothing.");
    }

    [Fact]
    public void A_reader_never_changes_its_mind()
    {
        Property.Check(2_000, random =>
        {
            var bytes = random.Next(2) == 0 ? WriteV2(RandomHeader(random), random.Next(2) == 0) : WriteV1(RandomHeader(random));
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            var last = ReadStatus.NeedMore;
            for (var length = 0; length <= bytes.Length; length++)
            {
                var status = ProxyHeaderReader.TryRead(bytes.AsSpan(0, length), out _, out _, out _);
                Assert.True(last == ReadStatus.NeedMore || status == last, $"{last} became {status} at {length}.");
                last = status;
            }
        });
    }

    private static ReadStatus Survive(byte[] input)
    {
        var status = ProxyHeaderReader.TryRead(input, out var consumed, out var header, out var broken);
        Assert.Equal(status == ReadStatus.Done, header is not null);
        Assert.Equal(status == ReadStatus.Malformed, broken != ProxyRule.None);
        Assert.True(status == ReadStatus.Done ? consumed is > 0 && consumed <= input.Length : consumed == 0, $"{status} took {consumed} bytes.");

        var padded = new byte[ProxyHeaderReader.MaxLengthBytes];
        input.AsSpan(0, Math.Min(input.Length, padded.Length)).CopyTo(padded);
        Assert.NotEqual(ReadStatus.NeedMore, ProxyHeaderReader.TryRead(padded, out _, out _, out _));
        return status;
    }

    private static byte[] WriteV1(ProxyHeader header)
    {
        var target = new byte[ProxyHeaderV1.MaxLengthBytes];
        return target[..ProxyHeaderV1.Write(target, header)];
    }

    private static byte[] WriteV2(ProxyHeader header, bool withChecksum)
    {
        var target = new byte[ProtocolLimits.ProxyHeaderBytes];
        Assert.True(ProxyHeaderV2.TryWrite(target, header, withChecksum, out var written));
        return target[..written];
    }

    private static ProxyHeader RandomHeader(Random random) => random.Next(10) switch
    {
        0 => ProxyHeader.Local,
        1 => ProxyHeader.Unspecified,
        _ => ProxyHeader.Of(RandomEndPoint(random), RandomEndPoint(random), (ProxyTransport)random.Next(1, 3)).With(RandomFields(random)),
    };

    private static IPEndPoint RandomEndPoint(Random random) => new(new IPAddress(RandomBytes(random, random.Next(2) == 0 ? 4 : 16)), random.Next(65536));

    private static ProxyFields RandomFields(Random random) => new()
    {
        ApplicationProtocol = random.Next(2) == 0 ? null : "http/1.1\u00ff",
        Authority = random.Next(2) == 0 ? null : "bücher.example",
        UniqueId = random.Next(2) == 0 ? default(ReadOnlyMemory<byte>?) : RandomBytes(random, random.Next(129)),
        NetworkNamespace = random.Next(2) == 0 ? null : "blue",
        Tls = random.Next(2) == 0 ? null : new ProxyTls
        {
            Client = (ProxyTlsClient)random.Next(8),
            VerifyResult = (uint)random.Next(),
            Version = random.Next(2) == 0 ? null : "TLSv1.2",
            CommonName = random.Next(2) == 0 ? null : "Zoë",
            Cipher = random.Next(2) == 0 ? null : "",
            Others = RandomOthers(random, 0x26),
        },
        Others = RandomOthers(random, 0xe0),
    };

    private static ProxyTlv[] RandomOthers(Random random, byte type) =>
        [.. Enumerable.Range(0, random.Next(4)).Select(_ => new ProxyTlv((byte)(type + random.Next(8)), RandomBytes(random, random.Next(40))))];

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
