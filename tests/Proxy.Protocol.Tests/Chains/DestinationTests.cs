using System.Net;
using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Tests.Chains;

public sealed class DestinationTests
{
    [Theory]
    [InlineData("example.com:443", "example.com:443")]
    [InlineData("Example.COM.:443", "example.com:443")]
    [InlineData("_srv.a-b.test:1", "_srv.a-b.test:1")]
    [InlineData("localhost:65535", "localhost:65535")]
    [InlineData("1.2.3.com:80", "1.2.3.com:80")]
    [InlineData("192.0.2.1:80", "192.0.2.1:80")]
    [InlineData("[2001:DB8::1]:80", "[2001:db8::1]:80")]
    [InlineData("[::ffff:127.0.0.1]:80", "127.0.0.1:80")]
    [InlineData("[::1]:80", "[::1]:80")]
    public void Text_is_read_into_one_spelling(string text, string spelling)
    {
        Assert.True(Destination.TryParse(text, out var destination));
        Assert.Equal(spelling, destination.ToString());
        Assert.True(Destination.TryParse(spelling, out var again));
        Assert.Equal(destination, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(":80")]
    [InlineData("example.com")]
    [InlineData("example.com:")]
    [InlineData("example.com:0")]
    [InlineData("example.com:65536")]
    [InlineData("example.com:-1")]
    [InlineData("example.com:+1")]
    [InlineData("example.com: 80")]
    [InlineData(" example.com:80")]
    [InlineData("exa mple.com:80")]
    [InlineData("exämple.com:80")]
    [InlineData("a..b:80")]
    [InlineData(".a:80")]
    [InlineData(".:80")]
    [InlineData("a.b..:80")]
    [InlineData("a/b:80")]
    [InlineData("a%00b:80")]
    [InlineData("::1:80")]
    [InlineData("[::1]80")]
    [InlineData("[]:80")]
    [InlineData("[::1:80")]
    [InlineData("[example.com]:80")]
    [InlineData("[192.0.2.1]:80")]
    [InlineData("[fe80::1%eth0]:80")]
    [InlineData("[fe80::1%1]:80")]
    [InlineData("[[::1]]:80")]
    [InlineData("[::1/64]:80")]
    [InlineData("[::1 ]:80")]
    [InlineData("[:::1]:80")]
    [InlineData("2130706433:80")]
    [InlineData("127.1:80")]
    [InlineData("0x7f000001:80")]
    [InlineData("0x7f.1:80")]
    [InlineData("127.0.0.0x1:80")]
    [InlineData("a.0x:80")]
    [InlineData("0177.0.0.1:80")]
    [InlineData("127.0.0.01:80")]
    [InlineData("256.0.0.1:80")]
    [InlineData("1.2.3.4.5:80")]
    [InlineData("1.2.3.4.:80")]
    public void What_is_no_host_and_port_is_refused(string text) => Assert.False(Destination.TryParse(text, out _));

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void A_label_has_at_most_63_characters(int length, bool allowed)
    {
        Assert.Equal(allowed, Destination.TryParse(new string('a', length) + ".test:80", out _));
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void A_name_has_at_most_255_characters(int length, bool allowed)
    {
        var name = string.Concat(Enumerable.Repeat("a.", length / 2)) + (length % 2 == 0 ? "" : "b");
        Assert.Equal(length, name.Length);
        Assert.Equal(allowed, Destination.TryCreate(name, 80, out _));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void A_port_has_16_bits(int port) => Assert.False(Destination.TryCreate("a.test", port, out _));

    [Fact]
    public void A_name_that_is_an_address_is_one()
    {
        Assert.True(Destination.TryCreate("192.0.2.1", 80, out var named));
        Assert.Equal(Destination.Of(IPAddress.Parse("192.0.2.1"), 80), named);
        Assert.Null(named.Name);
    }

    [Fact]
    public void A_zone_is_not_part_of_an_address()
    {
        Assert.Equal(Destination.Of(IPAddress.Parse("fe80::1"), 80), Destination.Of(IPAddress.Parse("fe80::1%3"), 80));
    }

    [Fact]
    public void Host_has_no_brackets()
    {
        Assert.Equal("2001:db8::1", Destination.Of(new IPEndPoint(IPAddress.Parse("2001:db8::1"), 1)).Host);
    }
}
