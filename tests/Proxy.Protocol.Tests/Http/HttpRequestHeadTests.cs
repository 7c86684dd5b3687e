using System.Text;
using Proxy.Protocol.Http;

namespace Proxy.Protocol.Tests.Http;

/// <summary>Requests to a forward proxy (RFC 9110, RFC 9112), and those that two readers could read differently.</summary>
public sealed class HttpRequestHeadTests
{
    private const string Get = "GET http://h/ HTTP/1.1\r\n";

    [Theory]
    [InlineData("http://example.org/a/b?c=d", "example.org:80", "/a/b?c=d", "example.org")]
    [InlineData("HTTP://EXAMPLE.org:8080/", "example.org:8080", "/", "example.org:8080")]
    [InlineData("http://example.org", "example.org:80", "/", "example.org")]
    [InlineData("http://example.org?x", "example.org:80", "/?x", "example.org")]
    [InlineData("http://[2001:db8::1]:81/", "[2001:db8::1]:81", "/", "[2001:db8::1]:81")]
    [InlineData("http://[2001:db8::1]/", "[2001:db8::1]:80", "/", "[2001:db8::1]")]
    [InlineData("http://192.0.2.7/http://other/", "192.0.2.7:80", "/http://other/", "192.0.2.7")]
    public void The_origin_server_gets_its_own_form_of_the_target(string target, string destination, string path, string host)
    {
        var head = Read($"GET {target} HTTP/1.1\r\nHost: somebody.else\r\n\r\n");

        Assert.Equal(destination, head.Destination.ToString());
        Assert.Equal($"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n", ToOrigin(head));
    }

    [Fact]
    public void What_is_meant_for_the_proxy_or_for_one_connection_goes_no_further()
    {
        var head = Read(Get + "Connection: keep-alive, X-Mine, Content-Length\r\nX-Mine: 1\r\nx-yours: 2\r\nProxy-Authorization: Basic YTpi\r\nProxy-Connection: keep-alive\r\n"
            + "TE: trailers\r\nUpgrade: h2c\r\nKeep-Alive: 5\r\nContent-Length: 3\r\n\r\n");

        Assert.Equal("GET / HTTP/1.1\r\nHost: h\r\nx-yours: 2\r\nContent-Length: 3\r\nVia: 1.1 node\r\n\r\n", ToOrigin(head, "node"));
        Assert.Equal("a:b", Encoding.ASCII.GetString(head.Credentials!));
    }

    [Theory]
    [InlineData("CONNECT example.org:443 HTTP/1.1\r\n\r\n", "example.org:443")]
    [InlineData("CONNECT [2001:db8::1]:443 HTTP/1.0\r\nContent-Length: 5\r\n\r\n", "[2001:db8::1]:443")]
    public void CONNECT_has_a_host_and_a_port_and_no_body(string text, string destination)
    {
        var head = Read(text);

        Assert.True(head.IsConnect);
        Assert.Equal((destination, HttpBody.None), (head.Destination.ToString(), head.Body));
    }

    [Theory]
    [InlineData("HTTP/1.1\r\n", true)]
    [InlineData("HTTP/1.1\r\nConnection: close\r\n", false)]
    [InlineData("HTTP/1.1\r\nConnection: x, CLOSE\r\n", false)]
    [InlineData("HTTP/1.1\r\nProxy-Connection: close\r\n", false)]
    [InlineData("HTTP/1.0\r\n", false)]
    [InlineData("HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n", true)]
    public void A_request_says_whether_another_may_follow(string rest, bool isPersistent) =>
        Assert.Equal(isPersistent, Read($"GET http://h/ {rest}\r\n").IsPersistent);

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", HttpRule.BadLength)]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length: 5, 6\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length: +5\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length: -5\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length: 0x5\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length: 5 5\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length: 99999999999999999999\r\n", HttpRule.BadLength)]
    [InlineData("Content-Length:\r\n", HttpRule.BadLength)]
    [InlineData("Transfer-Encoding:\r\n", HttpRule.BadLength)]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n", HttpRule.BadTransferCoding)]
    [InlineData("Transfer-Encoding: chunked, chunked\r\n", HttpRule.BadTransferCoding)]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", HttpRule.BadTransferCoding)]
    [InlineData("Transfer-Encoding: xchunked\r\n", HttpRule.BadTransferCoding)]
    [InlineData("Transfer-Encoding : chunked\r\n", HttpRule.BadField)]
    [InlineData("Transfer-Encoding: \u000Bchunked\r\n", HttpRule.BadField)]
    [InlineData("A: 1\r\n Transfer-Encoding: chunked\r\n", HttpRule.BadField)]
    [InlineData("A: 1\r\n\tfolded\r\n", HttpRule.BadField)]
    [InlineData("A: 1\nTransfer-Encoding: chunked\r\n", HttpRule.BadLineEnd)]
    [InlineData("A: 1\rTransfer-Encoding: chunked\r\n", HttpRule.BadLineEnd)]
    [InlineData("A: 1\0\r\n", HttpRule.BadLineEnd)]
    [InlineData(": empty\r\n", HttpRule.BadField)]
    [InlineData("no colon\r\n", HttpRule.BadField)]
    [InlineData("B\u00E9: 1\r\n", HttpRule.BadField)]
    public void What_could_be_read_in_two_ways_is_read_in_none(string fields, HttpRule rule) => Assert.Equal(rule, Broken($"POST http://h/ HTTP/1.1\r\n{fields}\r\nhello"));

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 5\r\n", HttpBodyKind.Length, 5)]
    [InlineData("Content-Length: 5, 5\r\n", HttpBodyKind.Length, 5)]
    [InlineData("Content-Length: 0\r\n", HttpBodyKind.None, 0)]
    [InlineData("transfer-encoding: CHUNKED\r\n", HttpBodyKind.Chunked, 0)]
    [InlineData("", HttpBodyKind.None, 0)]
    public void The_length_of_a_body_is_said_in_one_way(string fields, HttpBodyKind kind, long length) =>
        Assert.Equal(new HttpBody(kind, length), Read($"POST http://h/ HTTP/1.1\r\n{fields}\r\n").Body);

    [Theory]
    [InlineData("GET / HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("OPTIONS * HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET http:/h HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET http:/// HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET http://user@h/ HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET http://h:0/ HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET http://h:65536/ HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET http://h/#part HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET https://h/ HTTP/1.1", HttpRule.UnknownScheme)]
    [InlineData("GET ftp://h/ HTTP/1.1", HttpRule.UnknownScheme)]
    [InlineData("CONNECT h HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("CONNECT http://h:80 HTTP/1.1", HttpRule.BadTarget)]
    [InlineData("GET  http://h/ HTTP/1.1", HttpRule.BadRequestLine)]
    [InlineData("GET http://h/ HTTP/1.1 ", HttpRule.BadRequestLine)]
    [InlineData("GET http://h/\u00E9 HTTP/1.1", HttpRule.BadRequestLine)]
    [InlineData("GET http://h/ HTTP/2.0", HttpRule.BadRequestLine)]
    [InlineData("GET http://h/ http/1.1", HttpRule.BadRequestLine)]
    [InlineData("G(T http://h/ HTTP/1.1", HttpRule.BadRequestLine)]
    [InlineData("GET http://h/", HttpRule.BadRequestLine)]
    public void A_request_line_that_is_none_is_refused(string line, HttpRule rule) => Assert.Equal(rule, Broken(line + "\r\n\r\n"));

    [Fact]
    public void A_bare_line_feed_is_refused_before_the_head_is_complete() => Assert.Equal(HttpRule.BadLineEnd, Broken("GET http://h/ HTTP/1.1\n"));

    [Fact]
    public void A_head_has_a_limit_in_bytes_and_in_fields()
    {
        Assert.Equal(ReadStatus.NeedMore, HttpRequestHead.TryRead(Latin1(Get + "A: " + new string('a', ProtocolLimits.HttpHeadBytes - Get.Length - 4)), out _, out _, out _));
        Assert.Equal(HttpRule.HeadTooLong, Broken(Get + "A: " + new string('a', ProtocolLimits.HttpHeadBytes) + "\r\n\r\n"));
        Assert.Equal(HttpRule.None, Broken(Get + string.Concat(Enumerable.Repeat("A: b\r\n", ProtocolLimits.HttpFields)) + "\r\n"));
        Assert.Equal(HttpRule.TooManyFields, Broken(Get + string.Concat(Enumerable.Repeat("A: b\r\n", ProtocolLimits.HttpFields + 1)) + "\r\n"));
    }

    [Theory]
    [InlineData("Basic YTpi", "a:b")]
    [InlineData("basic  YTpi ", "a:b")]
    [InlineData("Basic YTp", null)]
    [InlineData("Digest YTpi", null)]
    [InlineData("Basic", null)]
    public void Credentials_are_read_as_far_as_they_can_be(string value, string? expected) =>
        Assert.Equal(expected, Read(Get + $"Proxy-Authorization: {value}\r\n\r\n").Credentials is { } read ? Encoding.ASCII.GetString(read) : null);

    private static HttpRequestHead Read(string text)
    {
        Assert.Equal(ReadStatus.Done, HttpRequestHead.TryRead(Latin1(text), out var consumed, out var head, out _));
        Assert.Equal(text.Length, consumed);
        return head!;
    }

    private static HttpRule Broken(string text)
    {
        HttpRequestHead.TryRead(Latin1(text), out _, out _, out var broken);
        return broken;
    }

    private static string ToOrigin(HttpRequestHead head, string? via = null) => Encoding.Latin1.GetString(head.ToOrigin(via));

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);
}
