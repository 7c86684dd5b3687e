using System.Net;
using Proxy.Policy.Routes;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Routes;

public sealed class RouteTableTests
{
    private static readonly IPAddress Somebody = IPAddress.Parse("192.0.2.50");

    private static readonly RouteTable Table = new(
        [
            new RouteRule("ads", RouteAction.Block) { Names = Patterns("ads.test", ".tracker.test") },
            new RouteRule("office", RouteAction.Direct) { Networks = Blocks("10.0.0.0/8", "2001:db8::/32"), Names = Patterns(".office.test") },
            new RouteRule("mail", RouteAction.Through("mail")) { Ports = [new PortRange(25, 25), new PortRange(465, 587)] },
            new RouteRule("guests", RouteAction.Through("guests")) { Sources = Blocks("192.0.2.128/25"), Ports = [new PortRange(1, 1023)] },
        ],
        RouteAction.Through("main"));

    [Theory]
    [InlineData("ads.test", 80, "block", "ads")]
    [InlineData("a.b.tracker.test", 25, "block", "ads")]
    [InlineData("10.1.2.3", 25, "direct", "office")]
    [InlineData("::ffff:10.1.2.3", 25, "direct", "office")]
    [InlineData("2001:db8::9", 80, "direct", "office")]
    [InlineData("x.office.test", 80, "direct", "office")]
    [InlineData("smtp.test", 25, "mail", "mail")]
    [InlineData("198.51.100.1", 587, "mail", "mail")]
    [InlineData("198.51.100.1", 588, "main", "default")]
    [InlineData("web.test", 80, "main", "default")]
    public void The_first_rule_that_matches_decides_and_else_the_default(string host, int port, string action, string rule) =>
        Assert.Equal((action, rule), Decide(host, port, Somebody));

    [Fact]
    public void Everything_that_a_rule_names_has_to_hold()
    {
        Assert.Equal(("guests", "guests"), Decide("web.test", 80, IPAddress.Parse("192.0.2.200")));
        Assert.Equal(("main", "default"), Decide("web.test", 8080, IPAddress.Parse("192.0.2.200")));
        Assert.Equal(("main", "default"), Decide("web.test", 80, IPAddress.Parse("192.0.2.100")));
    }

    [Fact]
    public void An_expression_is_never_held_against_an_address_nor_a_network_against_a_name()
    {
        var table = new RouteTable(
            [
                new RouteRule("all names", RouteAction.Direct) { Names = Patterns("/./") },
                new RouteRule("all addresses", RouteAction.Through("far")) { Networks = Blocks("0.0.0.0/0", "::/0") },
            ],
            RouteAction.Block);
        Assert.Equal("all addresses", table.Decide(null, IPAddress.Parse("10.0.0.1"), 80, Somebody).Rule);
        Assert.Equal("all names", table.Decide("10.test", null, 80, Somebody).Rule);
    }

    [Fact]
    public void A_table_names_each_set_of_chains_once()
    {
        Assert.Equal(["mail", "guests", "main"], Table.ChainSets);
        Assert.Empty(new RouteTable([], RouteAction.Direct).ChainSets);
    }

    private static (string Action, string Rule) Decide(string host, int port, IPAddress source)
    {
        var isAddress = IPAddress.TryParse(host, out var address);
        var decision = Table.Decide(isAddress ? null : host, address, port, source);
        return (decision.Action.ToString(), decision.Rule);
    }

    private static NamePattern[] Patterns(params string[] texts) =>
        [.. texts.Select(text => NamePattern.TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException(error))];

    private static CidrSet Blocks(params string[] texts)
    {
        var builder = new CidrSetBuilder();
        foreach (var text in texts)
        {
            builder.Add(text, "test", 1);
        }

        Assert.Empty(builder.Errors);
        return builder.Build();
    }
}
