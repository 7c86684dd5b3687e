using System.Security.Authentication;
using Proxy.Protocol.Tls;

namespace Proxy.Protocol.Tests.Tls;

public sealed class ClientHelloReaderTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12, 0x0303)]
    [InlineData(SslProtocols.Tls13, 0x0304)]
    [InlineData(SslProtocols.Tls12 | SslProtocols.Tls13, 0x0304)]
    public void A_real_hello_tells_name_protocols_and_version(SslProtocols versions, int version)
    {
        var hello = Read(Hellos.Real("WWW.Example.org", versions, "h2", "http/1.1"));
        Assert.Equal(("www.example.org", (ushort)version), (hello.ServerName, hello.Version));
        Assert.Equal(["h2", "http/1.1"], hello.ApplicationProtocols);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public void No_name_is_a_result(SslProtocols versions)
    {
        var hello = Read(Hellos.Real(null, versions));
        Assert.Null(hello.ServerName);
        Assert.Empty(hello.ApplicationProtocols);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void A_hello_cut_into_records_is_put_together(int partBytes)
    {
        var message = Hellos.Unwrap(Hellos.Real("cut.example", SslProtocols.Tls13, "h2"));
        var hello = Read(Hellos.Record(message, partBytes));
        Assert.Equal("cut.example", hello.ServerName);
        Assert.Equal(["h2"], hello.ApplicationProtocols);
    }

    [Fact]
    public void A_hello_without_extensions_is_a_hello()
    {
        var hello = Read(Hellos.Record(Hellos.Message(Hellos.Body)));
        Assert.Equal((null, (ushort)0x0303), (hello.ServerName, hello.Version));
    }

    [Fact]
    public void Reserved_values_are_ignored()
    {
        var hello = Read(Hellos.Made(
            Hellos.Extension(0x1a1a, "00"),
            Hellos.Extension(43, "06 fafa 0304 0303"),
            Hellos.Extension(16, "0006 02 8a8a 02 6832"),
            Hellos.Extension(0, "0006 00 0003 612e62"),
            Hellos.Extension(0xfafa, "")));
        Assert.Equal(("a.b", (ushort)0x0304), (hello.ServerName, hello.Version));
        Assert.Equal(["h2"], hello.ApplicationProtocols);
    }

    [Theory]
    [InlineData("3132372e302e302e31")]
    [InlineData("3a3a31")]
    public void An_address_is_nobodys_name(string hex) =>
        Assert.Null(Read(Hellos.Made(Hellos.Extension(0, $"{3 + (hex.Length / 2):x4} 00 {hex.Length / 2:x4} {hex}"))).ServerName);

    [Fact]
    public void Bytes_behind_the_hello_are_not_looked_at()
    {
        var hello = Bytes.Join(Hellos.Real("a.example", SslProtocols.Tls13), [21, 9, 9, 255]);
        Assert.Equal(ReadStatus.Done, ClientHelloReader.TryRead(hello, out _, out _));
    }

    [Theory]
    [InlineData(ClientHelloRule.NotTls, "47")]
    [InlineData(ClientHelloRule.NotTls, "80")]
    [InlineData(ClientHelloRule.NotTls, "15 03")]
    [InlineData(ClientHelloRule.NotTls, "16 02")]
    [InlineData(ClientHelloRule.BadRecordLength, "16 0301 0000")]
    [InlineData(ClientHelloRule.BadRecordLength, "16 0301 4001")]
    [InlineData(ClientHelloRule.NotClientHello, "16 0301 0004 02")]
    [InlineData(ClientHelloRule.Interrupted, "16 0301 0001 01 17")]
    [InlineData(ClientHelloRule.Interrupted, "16 0301 0001 01 16 02")]
    [InlineData(ClientHelloRule.TooLong, "16 0301 0004 01 003ff8")]
    [InlineData(ClientHelloRule.TooLong, "16 0301 0004 01 ffffff")]
    [InlineData(ClientHelloRule.BadLength, "16 0301 0004 01 000000")]
    [InlineData(ClientHelloRule.BadLength, "16 0301 0006 01 000002 0303")]
    public void What_is_no_hello_is_named_as_soon_as_it_shows(ClientHelloRule rule, string hex) => AssertBroken(rule, Bytes.FromHex(hex));

    [Theory]
    [InlineData("21")]
    [InlineData("00 0000")]
    [InlineData("00 0001 00")]
    [InlineData("00 0003 130100 01 00")]
    [InlineData("00 0002 1301 00")]
    [InlineData("00 0002 1301 01")]
    [InlineData("00 0002 1301 01 00 00")]
    [InlineData("00 0002 1301 01 00 0001")]
    [InlineData("00 0002 1301 01 00 0000 00")]
    [InlineData("00 0002 1301 01 00 0002 0000")]
    [InlineData("00 0002 1301 01 00 0004 0000 0001")]
    [InlineData("00 0002 1301 01 00 0005 002b 0001 00")]
    [InlineData("00 0002 1301 01 00 0006 002b 0002 01 03")]
    public void Parts_fill_the_body_exactly(string behindRandom) => AssertBroken(
        ClientHelloRule.BadLength,
        Hellos.Record(Hellos.Message(Bytes.Join(Bytes.FromHex("0303"), new byte[32], Bytes.FromHex(behindRandom)))));

    [Theory]
    [InlineData("")]
    [InlineData("0000")]
    [InlineData("0004 00 0000")]
    [InlineData("0003 00 0000")]
    [InlineData("0004 00 0002 61")]
    [InlineData("0005 00 0001 61 00")]
    [InlineData("0004 00 0001 20")]
    [InlineData("0004 00 0001 e9")]
    [InlineData("0005 00 0002 6100")]
    [InlineData("0008 00 0001 61 00 0001 62")]
    public void A_server_name_is_one_host_name(string hex) =>
        AssertBroken(ClientHelloRule.BadServerName, Hellos.Made(Hellos.Extension(0, hex)));

    [Theory]
    [InlineData("")]
    [InlineData("0000")]
    [InlineData("0001 00")]
    [InlineData("0002 02 68")]
    [InlineData("0003 02 6832 00")]
    public void Protocols_have_names(string hex) =>
        AssertBroken(ClientHelloRule.BadApplicationProtocols, Hellos.Made(Hellos.Extension(16, hex)));

    [Fact]
    public void Protocols_are_counted()
    {
        string List(int count) => $"{2 * count:x4}{string.Concat(Enumerable.Repeat("0161", count))}";
        Assert.Equal(64, Read(Hellos.Made(Hellos.Extension(16, List(64)))).ApplicationProtocols.Count);
        AssertBroken(ClientHelloRule.BadApplicationProtocols, Hellos.Made(Hellos.Extension(16, List(65))));
    }

    [Theory]
    [InlineData(0, "0004 00 0001 61")]
    [InlineData(16, "0002 01 61")]
    [InlineData(43, "02 0304")]
    public void An_extension_comes_once(ushort type, string hex) =>
        AssertBroken(ClientHelloRule.ExtensionRepeated, Hellos.Made(Hellos.Extension(type, hex), Hellos.Extension(type, hex)));

    [Fact]
    public void A_hello_in_tiny_records_is_not_waited_for_beyond_the_limit()
    {
        var records = Hellos.Record(Hellos.Message(new byte[6000]), 1);
        Assert.Equal(ReadStatus.NeedMore, ClientHelloReader.TryRead(records.AsSpan(0, ProtocolLimits.ClientHelloBytes - 1), out _, out _));
        AssertBroken(ClientHelloRule.TooLong, records);
    }

    private static void AssertBroken(ClientHelloRule rule, byte[] input)
    {
        Assert.Equal(ReadStatus.Malformed, ClientHelloReader.TryRead(input, out var hello, out var broken));
        Assert.Equal((null, rule), (hello, broken));
    }

    private static ClientHello Read(byte[] bytes)
    {
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ReadStatus.NeedMore, ClientHelloReader.TryRead(bytes.AsSpan(0, length), out _, out _));
        }

        Assert.Equal(ReadStatus.Done, ClientHelloReader.TryRead(bytes, out var hello, out var broken));
        Assert.Equal(ClientHelloRule.None, broken);
        return hello!;
    }
}
