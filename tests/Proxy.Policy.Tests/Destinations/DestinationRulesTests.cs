using System.Net;

namespace Proxy.Policy.Tests.Destinations;

public sealed class DestinationRulesTests
{
    [Fact]
    public void Nothing_is_allowed_until_a_rule_allows_it() =>
        Assert.False(DestinationRules.Nothing.Allows(null, IPAddress.Parse("192.0.2.1"), 80));

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.7", 80)]
    [InlineData("192.0.2.7", "192.0.2.7", 65535)]
    [InlineData("192.0.2.0/24:80", "192.0.2.7", 80)]
    [InlineData("192.0.2.0/24:80-90", "192.0.2.7", 90)]
    [InlineData("0.0.0.0/0", "192.0.2.7", 1)]
    [InlineData("2001:db8::/32", "2001:db8::1", 443)]
    [InlineData("[2001:db8::1]:443", "2001:db8::1", 443)]
    [InlineData("127.0.0.0/8", "127.0.0.1", 80)]
    [InlineData("127.0.0.1:80", "127.0.0.1", 80)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("169.254.169.254", "169.254.169.254", 80)]
    [InlineData("127.0.0.0/8", "::ffff:127.0.0.1", 80)]
    public void A_rule_allows_what_it_names(string rule, string address, int port) =>
        Assert.True(Rules(rule).Allows(null, IPAddress.Parse(address), port));

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.3.7", 80)]
    [InlineData("192.0.2.0/24:80", "192.0.2.7", 81)]
    [InlineData("192.0.2.0/24:80-90", "192.0.2.7", 91)]
    [InlineData("0.0.0.0/0", "2001:db8::1", 80)]
    public void A_rule_allows_nothing_else(string rule, string address, int port) =>
        Assert.False(Rules(rule).Allows(null, IPAddress.Parse(address), port));

    [Theory]
    [InlineData("10.0.0.0/8", null, "10.1.2.3", 80, true)]
    [InlineData("10.0.0.0/8:443", null, "10.1.2.3", 80, false)]
    [InlineData("10.0.0.0/8:443", null, "10.1.2.3", 443, true)]
    [InlineData("0.0.0.0/0", null, "127.0.0.1", 80, true)]
    [InlineData("*.example.org", "a.example.org", "192.0.2.1", 80, true)]
    [InlineData("*.example.org", "example.org", "192.0.2.1", 80, false)]
    [InlineData("*.example.org", null, "192.0.2.1", 80, false)]
    public void What_is_denied_is_not_allowed_whatever_allows_it(string denied, string? name, string address, int port, bool isDenied)
    {
        var allowed = new[] { "0.0.0.0/0", "127.0.0.0/8" }.Select(Rule).ToArray();

        Assert.True(new DestinationRules(allowed).Allows(name, IPAddress.Parse(address), port));
        Assert.Equal(!isDenied, new DestinationRules(allowed, [Rule(denied)]).Allows(name, IPAddress.Parse(address), port));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("224.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    public void A_wide_rule_never_means_a_special_address(string address) =>
        Assert.False(Rules("0.0.0.0/0", "::/0", "*.example").Allows("host.example", IPAddress.Parse(address), 80));

    [Theory]
    [InlineData("host.example", "host.example", true)]
    [InlineData("host.example", "HOST.Example", true)]
    [InlineData("host.example", "other.example", false)]
    [InlineData("*.example", "a.b.example", true)]
    [InlineData("*.example", "example", false)]
    [InlineData("*.example", "badexample", false)]
    public void A_name_rule_goes_by_the_name_that_was_asked_for(string rule, string name, bool isAllowed) =>
        Assert.Equal(isAllowed, Rules(rule).Allows(name, IPAddress.Parse("192.0.2.1"), 80));

    [Fact]
    public void A_name_that_resolves_to_loopback_is_refused_unless_loopback_is_named_too()
    {
        Assert.False(Rules("host.example").Allows("host.example", IPAddress.Loopback, 80));
        Assert.True(Rules("host.example", "127.0.0.1").Allows("host.example", IPAddress.Loopback, 80));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/8:0")]
    [InlineData("10.0.0.0/8:9-8")]
    [InlineData("10.0.0.0/8:70000")]
    [InlineData("[::1")]
    [InlineData("[::1]80")]
    [InlineData("under score.example")]
    [InlineData("a..b")]
    [InlineData("300.1.2.3")]
    public void A_malformed_rule_is_refused_with_an_explanation(string text)
    {
        Assert.False(DestinationRule.TryParse(text, out _, out var error));
        Assert.NotEqual("", error);
    }

    private static DestinationRules Rules(params string[] texts) => new([.. texts.Select(Rule)]);

    private static DestinationRule Rule(string text)
    {
        Assert.True(DestinationRule.TryParse(text, out var rule, out var error), error);
        return rule;
    }
}
