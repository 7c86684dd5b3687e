using System.Text;
using Proxy.Protocol.Http;

namespace Proxy.Protocol.Tests.Http;

public sealed class HttpResponseHeadTests
{
    [Theory]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", HttpBodyKind.Length, true)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", HttpBodyKind.Chunked, true)]
    [InlineData("GET", "HTTP/1.1 200\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", HttpBodyKind.Length, false)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\n\r\n", HttpBodyKind.UntilClose, false)]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", HttpBodyKind.None, true)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", HttpBodyKind.None, true)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", HttpBodyKind.None, true)]
    [InlineData("GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", HttpBodyKind.Length, false)]
    [InlineData("GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n", HttpBodyKind.Length, true)]
    public void It_depends_on_the_request_and_the_status_whether_there_is_a_body(string method, string text, HttpBodyKind kind, bool isPersistent)
    {
        Assert.Equal(ReadStatus.Done, HttpResponseHead.TryRead(Encoding.Latin1.GetBytes(text), method, out var consumed, out var head, out _));
        Assert.Equal((text.Length, kind, isPersistent), (consumed, head!.Body.Kind, head.IsPersistent));
    }

    [Fact]
    public void What_is_meant_for_the_proxy_s_connection_goes_no_further()
    {
        var text = "HTTP/1.1 200 OK\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nServer: s\r\nContent-Length: 0\r\n\r\n";
        HttpResponseHead.TryRead(Encoding.Latin1.GetBytes(text), "GET", out _, out var head, out _);

        Assert.Equal("HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n\r\n", Encoding.Latin1.GetString(head!.ToClient(isLast: false, via: null)));
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\nVia: 1.1 node\r\nConnection: close\r\n\r\n", Encoding.Latin1.GetString(head.ToClient(isLast: true, "node")));
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(103, true)]
    [InlineData(101, false)]
    [InlineData(200, false)]
    public void Another_response_follows_an_interim_one(int status, bool isInterim)
    {
        HttpResponseHead.TryRead(Encoding.Latin1.GetBytes($"HTTP/1.1 {status} x\r\n\r\n"), "GET", out _, out var head, out _);

        Assert.Equal((status, isInterim), (head!.Status, head.IsInterim));
    }

    [Theory]
    [InlineData("HTTP/1.1 20 OK", HttpRule.BadStatusLine)]
    [InlineData("HTTP/1.1 099 OK", HttpRule.BadStatusLine)]
    [InlineData("HTTP/1.1 2000 OK", HttpRule.BadStatusLine)]
    [InlineData("HTTP/2 200 OK", HttpRule.BadStatusLine)]
    [InlineData("ICY 200 OK", HttpRule.BadStatusLine)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", HttpRule.BadLength)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6", HttpRule.BadLength)]
    [InlineData("HTTP/1.1 200 OK\r\nA: 1\r\n folded", HttpRule.BadField)]
    public void What_could_be_read_in_two_ways_is_read_in_none(string text, HttpRule rule)
    {
        Assert.Equal(ReadStatus.Malformed, HttpResponseHead.TryRead(Encoding.Latin1.GetBytes(text + "\r\n\r\n"), "GET", out _, out _, out var broken));
        Assert.Equal(rule, broken);
    }
}
