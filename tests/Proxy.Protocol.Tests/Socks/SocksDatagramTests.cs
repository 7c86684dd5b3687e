using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Socks;

namespace Proxy.Protocol.Tests.Socks;

public sealed class SocksDatagramTests
{
    [Theory]
    [InlineData("0000 00 | 01 C0000207 0035 | AABB", "192.0.2.7:53", "AABB")]
    [InlineData("0000 00 | 03 0B 6578616D706C652E6F7267 0035 |", "example.org:53", "")]
    public void A_datagram_says_where_to(string hex, string destination, string payload)
    {
        Assert.True(SocksDatagram.TryRead(Bytes.FromHex(hex), out var read, out var rest));
        Assert.Equal((destination, payload), (read.ToString(), Convert.ToHexString(rest)));
    }

    [Theory]
    [InlineData("0000 01 | 01 C0000207 0035 | AABB")]
    [InlineData("0001 00 | 01 C0000207 0035 | AABB")]
    [InlineData("0000 00 | 01 C0000207 0000 | AABB")]
    [InlineData("0000 00 | 01 C00002")]
    [InlineData("0000 00 | 02 C0000207 0035")]
    [InlineData("0000 00")]
    [InlineData("")]
    public void A_fragment_and_what_is_no_header_is_refused(string hex) => Assert.False(SocksDatagram.TryRead(Bytes.FromHex(hex), out _, out _));

    [Fact]
    public void A_reply_says_where_it_is_from()
    {
        var header = new byte[SocksDatagram.MaxHeaderBytes];

        Assert.Equal("00000001C00002070035", Convert.ToHexString(header, 0, SocksDatagram.Write(header, Destination.Of(IPEndPoint.Parse("192.0.2.7:53")))));
    }
}
