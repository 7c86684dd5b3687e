using System.Globalization;
using System.Net;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Rules;

public sealed class AccessRulesTests
{
    private static readonly DateTimeOffset Monday = DateTimeOffset.Parse("2026-03-02T12:00:00Z", CultureInfo.InvariantCulture);

    [Fact]
    public void Without_rules_everyone_is_allowed_by_default() =>
        Assert.Equal(new AccessDecision(AccessAction.Allow, -1, "default"), Decide(AccessRules.AllowAll, "192.0.2.1"));

    [Fact]
    public void The_first_rule_that_matches_decides_and_is_named()
    {
        var rules = new AccessRules([Deny("bad", "10.1.0.0/16"), Allow("office", "10.0.0.0/8"), Deny("late", "10.0.0.0/8")]);

        Assert.Equal(new AccessDecision(AccessAction.Deny, 0, "bad"), Decide(rules, "10.1.2.3"));
        Assert.Equal(new AccessDecision(AccessAction.Allow, 1, "office"), Decide(rules, "10.2.2.3"));
        Assert.Equal(new AccessDecision(AccessAction.Allow, 1, "office"), Decide(rules, "::ffff:10.2.2.3"));
    }

    [Fact]
    public void Where_a_rule_allows_everyone_else_is_denied()
    {
        Assert.False(Decide(new AccessRules([Allow("office", "10.0.0.0/8")]), "192.0.2.1").IsAllowed);
        Assert.True(Decide(new AccessRules([Deny("bad", "10.0.0.0/8")]), "192.0.2.1").IsAllowed);
    }

    [Fact]
    public void A_default_that_is_given_holds() =>
        Assert.True(Decide(new AccessRules([Allow("office", "10.0.0.0/8")], AccessAction.Allow), "192.0.2.1").IsAllowed);

    [Fact]
    public void A_rule_outside_its_hours_leaves_the_decision_to_the_next()
    {
        var rules = new AccessRules([
            new AccessRule("working hours", AccessAction.Allow, null, At("08:00-18:00")),
            new AccessRule("night", AccessAction.Deny)]);

        Assert.Equal("working hours", rules.Decide(Address("192.0.2.1"), Monday).RuleName);
        Assert.Equal("night", rules.Decide(Address("192.0.2.1"), Monday.AddHours(6)).RuleName);
    }

    [Fact]
    public void The_next_change_is_that_of_the_rule_that_changes_first()
    {
        var rules = new AccessRules([
            new AccessRule("a", AccessAction.Allow, null, At("08:00-18:00")),
            new AccessRule("b", AccessAction.Allow, null, At("13:00-14:00")),
            new AccessRule("c", AccessAction.Deny)]);

        Assert.Equal(Monday.AddHours(1), rules.NextChangeAfter(Monday));
        Assert.Equal(Monday.AddHours(6), rules.NextChangeAfter(Monday.AddHours(2)));
        Assert.Null(AccessRules.AllowAll.NextChangeAfter(Monday));
    }

    [Fact]
    public void A_rule_behind_one_that_matches_all_of_it_is_found()
    {
        var rules = new AccessRules([
            Allow("wide", "10.0.0.0/8"),
            Deny("narrow", "10.1.0.0/16"),
            Deny("other", "192.0.2.0/24"),
            new AccessRule("timed", AccessAction.Deny, Set("10.0.0.0/16"), At("08:00-18:00")),
            new AccessRule("all", AccessAction.Deny),
            Allow("behind all", "198.51.100.0/24")]);

        Assert.Equal([new CoveredRule(1, 0), new CoveredRule(3, 0), new CoveredRule(5, 4)], rules.FindCovered());
    }

    [Fact]
    public void A_rule_that_still_matches_something_is_not_called_covered()
    {
        var rules = new AccessRules([
            new AccessRule("timed", AccessAction.Allow, Set("10.0.0.0/8"), At("08:00-18:00")),
            new AccessRule("longer", AccessAction.Deny, Set("10.0.0.0/8"), At("08:00-19:00")),
            Deny("always", "10.0.0.0/8"),
            new AccessRule("empty list", AccessAction.Deny, Set()),
            new AccessRule("everyone", AccessAction.Deny)]);

        Assert.Empty(rules.FindCovered());
    }

    [Fact]
    public void A_decision_allocates_nothing()
    {
        var rules = new AccessRules([Deny("bad", "10.1.0.0/16"), new AccessRule("office", AccessAction.Allow, Set("10.0.0.0/8"), At("08:00-18:00"))]);
        var address = Address("10.2.2.3");
        Assert.True(rules.Decide(address, Monday).IsAllowed);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            rules.Decide(address, Monday);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static AccessDecision Decide(AccessRules rules, string address) => rules.Decide(Address(address), Monday);

    private static NetworkAddress Address(string text) => NetworkAddress.From(IPAddress.Parse(text));

    private static AccessRule Allow(string name, string network) => new(name, AccessAction.Allow, Set(network));

    private static AccessRule Deny(string name, string network) => new(name, AccessAction.Deny, Set(network));

    private static CidrSet Set(params string[] networks) =>
        networks.Aggregate(new CidrSetBuilder(), (builder, network) => builder.Add(network, "test", 1)).Build();

    private static Schedule At(string hours)
    {
        Assert.True(ScheduleText.TryParse([], hours, null, null, null, out var schedule, out _));
        return schedule;
    }
}
