using System.Net;
using System.Text;
using Proxy.Protocol.ProxyProtocol;

namespace Proxy.Protocol.Tests.ProxyProtocol;

public sealed class ProxyHeaderV1Tests
{
    [Theory]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324", "192.168.0.11:443")]
    [InlineData("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535", "255.255.255.255:65535")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 0 1\r\n", "10.0.0.1:0", "10.0.0.2:1")]
    [InlineData("PROXY TCP6 2001:db8::1 ::1 50000 443\r\n", "[2001:db8::1]:50000", "[::1]:443")]
    [InlineData(
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535")]
    public void A_line_with_addresses_is_read_and_written(string line, string source, string destination)
    {
        var header = Read(line);
        Assert.Equal((IPEndPoint.Parse(source), IPEndPoint.Parse(destination)), (header.Source, header.Destination));
        Assert.Equal((ProxyTransport.Stream, false), (header.Transport, header.IsLocal));
        Assert.Equal(line, Write(header));
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("PROXY UNKNOWN whatever 1 2 \u00ff\r\n")]
    [InlineData("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n")]
    public void An_unknown_line_leaves_the_real_addresses(string line)
    {
        var header = Read(line);
        Assert.Equal((null, null, false), (header.Source, header.Destination, header.IsLocal));
        Assert.Equal("PROXY UNKNOWN\r\n", Write(header));
    }

    [Fact]
    public void IPv4_inside_IPv6_is_unpacked() =>
        Assert.Equal(IPEndPoint.Parse("192.0.2.1:1"), Read("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n").Source);

    [Fact]
    public void Two_families_are_written_as_IPv6()
    {
        var header = ProxyHeader.Of(IPEndPoint.Parse("192.0.2.1:1"), IPEndPoint.Parse("[2001:db8::1]:2"));
        Assert.Equal("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n", Write(header));
    }

    [Fact]
    public void What_version_1_cannot_say_is_unknown()
    {
        var datagrams = ProxyHeader.Of(IPEndPoint.Parse("192.0.2.1:1"), IPEndPoint.Parse("192.0.2.2:2"), ProxyTransport.Datagram);
        Assert.Equal("PROXY UNKNOWN\r\n", Write(datagrams));
        Assert.Equal("PROXY UNKNOWN\r\n", Write(ProxyHeader.Local));
    }

    [Theory]
    [InlineData(ProxyRule.NoHeader, "G")]
    [InlineData(ProxyRule.NoHeader, "GET / HTTP/1.1\r\n")]
    [InlineData(ProxyRule.NoHeader, "PROXX")]
    [InlineData(ProxyRule.NoHeader, "proxy ")]
    [InlineData(ProxyRule.NoHeader, "PROXY\t")]
    [InlineData(ProxyRule.NoHeader, "\u0016\u0003\u0001")]
    [InlineData(ProxyRule.UnknownProtocol, "PROXY  ")]
    [InlineData(ProxyRule.UnknownProtocol, "PROXY TCP5")]
    [InlineData(ProxyRule.UnknownProtocol, "PROXY TCP44")]
    [InlineData(ProxyRule.UnknownProtocol, "PROXY UDP4 ")]
    [InlineData(ProxyRule.UnknownProtocol, "PROXY UNKNOWNX")]
    [InlineData(ProxyRule.UnknownProtocol, "PROXY \r\n")]
    [InlineData(ProxyRule.BadLineEnd, "PROXY UNKNOWN\n")]
    [InlineData(ProxyRule.BadLineEnd, "PROXY UNKNOWN\r ")]
    [InlineData(ProxyRule.BadLineEnd, "PROXY TCP4 1.2.3.4\n")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4 1.2.3.4\t")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4 g")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3 4 5 6\r\n")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4 \r\n")]
    [InlineData(ProxyRule.BadAddress, "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n")]
    [InlineData(ProxyRule.BadAddress, "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n")]
    [InlineData(ProxyRule.BadAddress, "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n")]
    [InlineData(ProxyRule.BadAddress, "PROXY TCP4 1.2.3.4 ::1 1 2\r\n")]
    [InlineData(ProxyRule.BadAddress, "PROXY TCP6 1.2.3.4 ::1 1 2\r\n")]
    [InlineData(ProxyRule.BadAddress, "PROXY TCP6 ::1 1:::2 1 2\r\n")]
    [InlineData(ProxyRule.BadAddress, "PROXY TCP6 ::1 12345::1 1 2\r\n")]
    [InlineData(ProxyRule.BadPort, "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n")]
    [InlineData(ProxyRule.BadPort, "PROXY TCP4 1.2.3.4 1.2.3.4 1 02\r\n")]
    [InlineData(ProxyRule.BadPort, "PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n")]
    [InlineData(ProxyRule.BadPort, "PROXY TCP4 1.2.3.4 1.2.3.4 1 a\r\n")]
    [InlineData(ProxyRule.BadLine, "PROXY TCP4 1.2.3.4 1.2.3.4 1 -2\r\n")]
    public void A_broken_line_is_named_as_soon_as_it_shows(ProxyRule rule, string line)
    {
        Assert.Equal(ReadStatus.Malformed, ProxyHeaderReader.TryRead(Latin1(line), out var consumed, out var header, out var broken));
        Assert.Equal((0, null, rule), (consumed, header, broken));
    }

    [Fact]
    public void A_line_without_end_is_not_waited_for_beyond_107_bytes()
    {
        var line = Latin1("PROXY UNKNOWN " + new string('x', 200));
        Assert.Equal(ReadStatus.NeedMore, ProxyHeaderReader.TryRead(line.AsSpan(0, 106), out _, out _, out _));
        Assert.Equal(ReadStatus.Malformed, ProxyHeaderReader.TryRead(line.AsSpan(0, 107), out _, out _, out var broken));
        Assert.Equal(ProxyRule.LineTooLong, broken);
    }

    [Fact]
    public void A_line_that_ends_with_byte_108_is_too_long()
    {
        var line = Latin1("PROXY UNKNOWN " + new string('x', 92) + "\r\n");
        Assert.Equal(108, line.Length);
        Assert.Equal(ReadStatus.Malformed, ProxyHeaderReader.TryRead(line, out _, out _, out var broken));
        Assert.Equal(ProxyRule.LineTooLong, broken);
    }

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    private static ProxyHeader Read(string line)
    {
        var bytes = Latin1(line);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ReadStatus.NeedMore, ProxyHeaderReader.TryRead(bytes.AsSpan(0, length), out _, out _, out _));
        }

        Assert.Equal(ReadStatus.Done, ProxyHeaderReader.TryRead(Latin1(line + "\r\npayload"), out var consumed, out var header, out _));
        Assert.Equal(bytes.Length, consumed);
        return header!;
    }

    private static string Write(ProxyHeader header)
    {
        var target = new byte[ProxyHeaderV1.MaxLengthBytes];
        return Encoding.ASCII.GetString(target, 0, ProxyHeaderV1.Write(target, header));
    }
}
