using System.Net;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Rules;

public sealed class CidrTests
{
    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("::/0", "::/0")]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.0/8")]
    public void A_block_is_read_and_written(string text, string written)
    {
        Assert.True(Cidr.TryParse(text, out var block, out var error), error);
        Assert.Equal(written, block.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/8")]
    [InlineData("10/8")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("10.0.0.1/8")]
    [InlineData("010.0.0.1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("2130706433")]
    [InlineData("2001:db8::/129")]
    [InlineData("2001:db8::1/32")]
    [InlineData("fe80::1%2")]
    [InlineData("[::1]")]
    [InlineData("host.example")]
    public void What_is_no_block_is_an_error_that_says_what_was_written(string text)
    {
        Assert.False(Cidr.TryParse(text, out _, out var error));
        Assert.Contains($"'{text}'", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "ffff::", true)]
    [InlineData("::/0", "10.0.0.1", false)]
    [InlineData("::ffff:0:0/96", "10.0.0.1", true)]
    public void A_block_holds_the_addresses_of_its_own_family(string block, string address, bool isInside)
    {
        Assert.True(Cidr.TryParse(block, out var parsed, out _));
        Assert.Equal(isInside, parsed.Contains(NetworkAddress.From(IPAddress.Parse(address))));
    }

    [Fact]
    public void Slip_of_the_pen_behind_the_prefix_is_answered_with_the_network_that_was_meant()
    {
        Assert.False(Cidr.TryParse("10.1.2.3/16", out _, out var error));
        Assert.Contains("10.1.0.0/16", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_survives_the_way_to_its_number_and_back()
    {
        foreach (var text in new[] { "0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1" })
        {
            Assert.Equal(text, NetworkAddress.From(IPAddress.Parse(text)).ToString());
        }
    }
}
