using System.Net;
using System.Text;
using Proxy.Protocol.ProxyProtocol;

namespace Proxy.Protocol.Tests.ProxyProtocol;

public sealed class ProxyHeaderV2Tests
{
    private const string Signature = "0d0a0d0a000d0a515549540a";
    private const string IPv4 = "c0a80001 c0a8000b dc04 01bb";

    private static readonly IPEndPoint Client = IPEndPoint.Parse("192.168.0.1:56324");
    private static readonly IPEndPoint Server = IPEndPoint.Parse("192.168.0.11:443");

    [Theory]
    [InlineData("21 11 000c c0a80001 c0a8000b dc04 01bb", "192.168.0.1:56324", "192.168.0.11:443", ProxyTransport.Stream)]
    [InlineData("21 12 000c c0a80001 c0a8000b dc04 01bb", "192.168.0.1:56324", "192.168.0.11:443", ProxyTransport.Datagram)]
    [InlineData(
        "21 21 0024 20010db8000000000000000000000001 00000000000000000000000000000001 c350 01bb",
        "[2001:db8::1]:50000",
        "[::1]:443",
        ProxyTransport.Stream)]
    [InlineData(
        "21 22 0024 00000000000000000000ffffc0000201 20010db8000000000000000000000001 0001 0002",
        "192.0.2.1:1",
        "[2001:db8::1]:2",
        ProxyTransport.Datagram)]
    public void Addresses_are_read_and_written(string hex, string source, string destination, ProxyTransport transport)
    {
        var header = Read(hex);
        Assert.Equal((IPEndPoint.Parse(source), IPEndPoint.Parse(destination)), (header.Source, header.Destination));
        Assert.Equal((transport, false), (header.Transport, header.IsLocal));
        Assert.Equal(Bytes.FromHex(Signature + hex), Write(header, withChecksum: false));
    }

    [Theory]
    [InlineData("20 00 0000")]
    [InlineData("20 11 000c c0a80001 c0a8000b dc04 01bb")]
    [InlineData("20 11 0000")]
    [InlineData("20 ff 0003 ffffff")]
    [InlineData("20 00 0007 03 0004 deadbeef")]
    public void A_local_header_leaves_the_real_addresses_whatever_follows(string hex)
    {
        var header = Read(hex);
        Assert.Equal((true, null, null), (header.IsLocal, header.Source, header.Destination));
        Assert.Equal(Bytes.FromHex(Signature + "20 00 0000"), Write(header, withChecksum: true));
    }

    [Theory]
    [InlineData("21 00 0000")]
    [InlineData("21 00 0002 ffff")]
    [InlineData("21 01 0000")]
    [InlineData("21 10 0000")]
    public void An_unspecified_header_leaves_the_real_addresses_whatever_follows(string hex)
    {
        var header = Read(hex);
        Assert.Equal((false, null, null), (header.IsLocal, header.Source, header.Destination));
        Assert.Equal(Bytes.FromHex(Signature + "21 00 0000"), Write(header, withChecksum: true));
    }

    [Fact]
    public void Addresses_of_UNIX_sockets_count_as_unspecified_and_fields_follow_them()
    {
        var header = Read($"21 31 00de {new string('0', 432)} e0 0003 616263");
        Assert.Null(header.Source);
        Assert.Equal([new ProxyTlv(0xe0, "abc"u8.ToArray())], header.Fields.Others);
    }

    [Fact]
    public void Registered_fields_are_read_and_written()
    {
        const string Hex = "21 11 0083" + IPv4
            + "01 0002 6832"
            + "02 000b 6578616d706c652e6f7267"
            + "05 0004 00ff1020"
            + "20 0050 07 00000000"
            + "21 0007 544c5376312e33"
            + "22 0006 636c69656e74"
            + "23 0016 544c535f4145535f3235365f47434d5f534841333834"
            + "24 000a 5253412d534841323536"
            + "25 0007 52534132303438"
            + "26 0005 8000010203"
            + "30 0003 626c75"
            + "e1 0001 2a";
        var header = Read(Hex);
        var fields = header.Fields;
        Assert.Equal(("h2", "example.org", "blu"), (fields.ApplicationProtocol, fields.Authority, fields.NetworkNamespace));
        Assert.Equal("00FF1020", Convert.ToHexString(fields.UniqueId!.Value.Span));
        Assert.Equal([new ProxyTlv(0xe1, new byte[] { 42 })], fields.Others);
        var tls = fields.Tls!;
        const ProxyTlsClient All = ProxyTlsClient.Tls | ProxyTlsClient.CertificateInConnection | ProxyTlsClient.CertificateInSession;
        Assert.Equal((All, 0u), (tls.Client, tls.VerifyResult));
        Assert.Equal(("TLSv1.3", "client", "TLS_AES_256_GCM_SHA384"), (tls.Version, tls.CommonName, tls.Cipher));
        Assert.Equal(("RSA-SHA256", "RSA2048"), (tls.SignatureAlgorithm, tls.KeyAlgorithm));
        Assert.Equal([new ProxyTlv(0x26, new byte[] { 0x80, 0, 1, 2, 3 })], tls.Others);
        Assert.Equal(Bytes.FromHex(Signature + Hex), Write(header, withChecksum: false));
    }

    [Fact]
    public void A_checksum_is_written_and_verified()
    {
        var written = Write(ProxyHeader.Of(Client, Server), withChecksum: true);
        Assert.Equal(Bytes.FromHex(Signature + "21 11 0013" + IPv4 + "03 0004 1c1ae9c6"), written);
        Assert.Equal(ReadStatus.Done, ProxyHeaderReader.TryRead(written, out _, out _, out _));

        // Whatever changes behind the length is noticed; a change of the field's own header is another fault.
        for (var index = 16; index < written.Length; index++)
        {
            var changed = written.ToArray();
            changed[index] ^= 0x10;
            if (index is >= 28 and < 31)
            {
                continue;
            }

            Assert.Equal(ReadStatus.Malformed, ProxyHeaderReader.TryRead(changed, out _, out _, out var broken));
            Assert.Equal(ProxyRule.BadChecksum, broken);
        }
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void The_checksum_is_CRC_32C(string text, uint checksum) =>
        Assert.Equal(checksum, Crc32C.Finish(Crc32C.Add(Crc32C.Start, Encoding.ASCII.GetBytes(text))));

    [Fact]
    public void Padding_is_dropped_and_unknown_fields_may_repeat()
    {
        var fields = Read("21 11 0018" + IPv4 + "04 0000 ee 0000 04 0000 ee 0000").Fields;
        Assert.Equal([new ProxyTlv(0xee, default), new ProxyTlv(0xee, default)], fields.Others);
        Assert.Equal((null, null, null), (fields.ApplicationProtocol, fields.Authority, fields.NetworkNamespace));
        Assert.Null(fields.UniqueId);
        Assert.Null(fields.Tls);
    }

    [Fact]
    public void A_header_of_exactly_the_limit_is_read()
    {
        var padding = ProtocolLimits.ProxyHeaderBytes - 31;
        var header = Read($"21 11 0ff0 {IPv4} ee {padding:x4} {new string('0', 2 * padding)}");
        Assert.Equal(padding, header.Fields.Others[0].Value.Length);
        Assert.Equal(ProtocolLimits.ProxyHeaderBytes, Write(header, withChecksum: false).Length);
    }

    [Fact]
    public void What_does_not_fit_is_not_written()
    {
        var header = ProxyHeader.Of(Client, Server);
        Assert.False(ProxyHeaderV2.TryWrite(new byte[27], header, withChecksum: false, out var written));
        Assert.Equal(0, written);
        Assert.True(ProxyHeaderV2.TryWrite(new byte[28], header, withChecksum: false, out _));

        var big = header.With(new ProxyFields { Others = [new ProxyTlv(0xee, new byte[ProtocolLimits.ProxyHeaderBytes])] });
        Assert.False(ProxyHeaderV2.TryWrite(new byte[100_000], big, withChecksum: false, out _));
    }

    [Theory]
    [InlineData(ProxyRule.NoHeader, "0d0b")]
    [InlineData(ProxyRule.NoHeader, "0d0a0d0a000d0a515549540d")]
    [InlineData(ProxyRule.UnknownVersion, Signature + "11")]
    [InlineData(ProxyRule.UnknownVersion, Signature + "31")]
    [InlineData(ProxyRule.UnknownCommand, Signature + "22")]
    [InlineData(ProxyRule.UnknownFamily, Signature + "21 41")]
    [InlineData(ProxyRule.UnknownTransport, Signature + "21 13")]
    [InlineData(ProxyRule.HeaderTooLong, Signature + "21 11 0ff1")]
    [InlineData(ProxyRule.HeaderTooLong, Signature + "20 00 ffff")]
    [InlineData(ProxyRule.AddressCut, Signature + "21 11 000b")]
    [InlineData(ProxyRule.AddressCut, Signature + "21 21 0023")]
    [InlineData(ProxyRule.AddressCut, Signature + "21 31 00d7")]
    [InlineData(ProxyRule.FieldCut, Signature + "21 11 000e" + IPv4 + "e000")]
    [InlineData(ProxyRule.FieldCut, Signature + "21 11 0010" + IPv4 + "e0 0002 00")]
    [InlineData(ProxyRule.FieldRepeated, Signature + "21 11 0012" + IPv4 + "01 0000 01 0000")]
    [InlineData(ProxyRule.BadField, Signature + "21 11 0010" + IPv4 + "02 0001 ff")]
    [InlineData(ProxyRule.BadField, Signature + "21 11 0010" + IPv4 + "02 0001 0a")]
    [InlineData(ProxyRule.BadField, Signature + "21 11 0010" + IPv4 + "30 0001 00")]
    [InlineData(ProxyRule.BadField, Signature + "21 11 0012" + IPv4 + "03 0003 000000")]
    [InlineData(ProxyRule.BadChecksum, Signature + "21 11 0013" + IPv4 + "03 0004 00000000")]
    [InlineData(ProxyRule.BadField, Signature + "21 11 0013" + IPv4 + "20 0004 00000000")]
    [InlineData(ProxyRule.FieldCut, Signature + "21 11 0017" + IPv4 + "20 0008 0000000000 21 0001")]
    [InlineData(ProxyRule.FieldRepeated, Signature + "21 11 001a" + IPv4 + "20 000b 0000000000 21 0000 21 0000")]
    [InlineData(ProxyRule.BadField, Signature + "21 11 0018" + IPv4 + "20 0009 0000000000 22 0001 80")]
    public void A_broken_header_is_named_as_soon_as_it_shows(ProxyRule rule, string hex)
    {
        Assert.Equal(ReadStatus.Malformed, ProxyHeaderReader.TryRead(Bytes.FromHex(hex), out var consumed, out var header, out var broken));
        Assert.Equal((0, null, rule), (consumed, header, broken));
    }

    [Theory]
    [InlineData(128, ReadStatus.Done)]
    [InlineData(129, ReadStatus.Malformed)]
    public void A_unique_id_has_at_most_128_bytes(int length, ReadStatus status)
    {
        var hex = $"{Signature} 21 11 {15 + length:x4} {IPv4} 05 {length:x4} {new string('0', 2 * length)}";
        Assert.Equal(status, ProxyHeaderReader.TryRead(Bytes.FromHex(hex), out _, out _, out _));
    }

    [Theory]
    [InlineData(64, ProxyRule.None)]
    [InlineData(65, ProxyRule.TooManyFields)]
    public void Fields_are_counted_on_each_level(int count, ProxyRule rule)
    {
        var fields = string.Concat(Enumerable.Repeat("ee 0000", count));
        ProxyHeaderReader.TryRead(Bytes.FromHex($"{Signature} 21 11 {12 + (3 * count):x4} {IPv4} {fields}"), out _, out _, out var broken);
        Assert.Equal(rule, broken);

        var tls = $"20 {5 + (3 * count):x4} 0000000000 {fields}";
        ProxyHeaderReader.TryRead(Bytes.FromHex($"{Signature} 21 11 {20 + (3 * count):x4} {IPv4} {tls}"), out _, out _, out broken);
        Assert.Equal(rule, broken);
    }

    private static ProxyHeader Read(string hex)
    {
        var bytes = Bytes.FromHex(Signature + hex);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ReadStatus.NeedMore, ProxyHeaderReader.TryRead(bytes.AsSpan(0, length), out _, out _, out _));
        }

        Assert.Equal(ReadStatus.Done, ProxyHeaderReader.TryRead(Bytes.Join(bytes, "payload"u8.ToArray()), out var consumed, out var header, out _));
        Assert.Equal(bytes.Length, consumed);
        return header!;
    }

    private static byte[] Write(ProxyHeader header, bool withChecksum)
    {
        var target = new byte[ProtocolLimits.ProxyHeaderBytes];
        Assert.True(ProxyHeaderV2.TryWrite(target, header, withChecksum, out var written));
        return target[..written];
    }
}
