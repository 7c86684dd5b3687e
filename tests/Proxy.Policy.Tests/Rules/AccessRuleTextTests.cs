using System.Net;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Rules;

public sealed class AccessRuleTextTests
{
    private static readonly DateTimeOffset TuesdayNoon = new(2026, 6, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_rule_has_an_action_networks_and_exceptions_and_is_named_as_it_was_written()
    {
        var rule = Read("deny  192.0.2.0/24 !192.0.2.7   2001:db8::/32").Build();

        Assert.Equal((AccessAction.Deny, "deny 192.0.2.0/24 !192.0.2.7 2001:db8::/32"), (rule.Action, rule.Name));
        Assert.Null(rule.Schedule);
        Assert.Equal(
            [true, false, true, false],
            new[] { "192.0.2.8", "192.0.2.7", "2001:db8::1", "10.0.0.1" }.Select(address => rule.Networks!.Contains(IPAddress.Parse(address))));
    }

    [Fact]
    public void Any_is_everybody()
    {
        Assert.Null(Read("allow any").Networks);
        Assert.Equal(AccessAction.Allow, Read("allow any").Action);
    }

    [Theory]
    [InlineData("allow any days=tue", true)]
    [InlineData("allow any days=mon,wed-sun", false)]
    [InlineData("allow any hours=12:00-13:00", true)]
    [InlineData("allow any hours=12:00-13:00 zone=Europe/Paris", false)]
    [InlineData("allow any hours=14:00-15:00 zone=Europe/Paris", true)]
    [InlineData("allow any from=2026-06-02 to=2026-06-02", true)]
    [InlineData("allow any from=2026-06-03", false)]
    [InlineData("allow any to=2026-06-01", false)]
    [InlineData("allow any zone=Europe/Paris from=2026-01-01 to=2026-12-31 days=mon-fri hours=08:00-18:00", true)]
    public void Times_stand_in_any_order_and_all_of_them_have_to_hold(string text, bool holds) =>
        Assert.Equal(holds, Read(text).Schedule!.HoldsAt(TuesdayNoon));

    [Fact]
    public void Files_are_named_for_the_caller_whose_errors_name_them()
    {
        var rule = Read("deny 10.0.0.0/8 file=/etc/blocked file=more");
        Assert.Equal(["/etc/blocked", "more"], rule.Files);

        rule.Networks!.AddLines("192.0.2.0/24\nnonsense\n", "/etc/blocked");

        Assert.Equal("/etc/blocked:2", Assert.Single(rule.Networks.Errors) is var error ? $"{error.Source}:{error.Line}" : "");
        Assert.True(rule.Build().Networks!.Contains(IPAddress.Parse("192.0.2.1")));
    }

    [Theory]
    [InlineData("", "is expected")]
    [InlineData("permit any", "is expected")]
    [InlineData("deny", "says not whom")]
    [InlineData("deny hours=08:00-18:00", "says not whom")]
    [InlineData("deny any 10.0.0.0/8", "stand alone")]
    [InlineData("deny any file=x", "stand alone")]
    [InlineData("deny 10.0.0.1/8", "10.0.0.0/8")]
    [InlineData("deny 10.0.0.0/8 !10.0.0.0/8", "contradicts")]
    [InlineData("deny any hour=08:00-18:00", "none of file=, days=")]
    [InlineData("deny any hours=", "none of file=, days=")]
    [InlineData("deny any hours=08:00-18:00 hours=08:00-18:00", "twice")]
    [InlineData("deny any hours=8-18", "no range of hours")]
    [InlineData("deny any days=mon,", "neither a day")]
    [InlineData("deny any zone=Europe/Paris", "says nothing without")]
    [InlineData("deny any hours=08:00-18:00 zone=Europe/Atlantis", "no time zone")]
    [InlineData("deny any from=2026-12-31 to=2026-01-01", "before the first")]
    public void What_can_not_be_read_is_said(string text, string expected)
    {
        Assert.False(AccessRuleText.TryParse(text, out _, out var errors));
        Assert.Contains(expected, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_error_is_said_at_once()
    {
        Assert.False(AccessRuleText.TryParse("deny 10.0.0.1/8 nonsense hours=x days=y color=red", out _, out var errors));
        Assert.Equal(5, errors.Count);
    }

    [Fact]
    public void Files_are_named_even_where_another_part_is_wrong()
    {
        Assert.False(AccessRuleText.TryParse("deny file=/etc/blocked hours=x", out var rule, out _));
        Assert.Equal(["/etc/blocked"], rule!.Files);
        Assert.NotNull(rule.Networks);

        Assert.False(AccessRuleText.TryParse("deny any file=/etc/blocked", out rule, out _));
        Assert.NotNull(rule!.Networks);
    }

    [Fact]
    public void A_rule_that_is_a_list_is_sent_to_a_file()
    {
        Assert.False(AccessRuleText.TryParse("deny " + new string('1', 10_000), out _, out var errors));
        Assert.Contains("into a file", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static ParsedAccessRule Read(string text)
    {
        Assert.True(AccessRuleText.TryParse(text, out var rule, out var errors), string.Join('\n', errors));
        return rule;
    }
}
