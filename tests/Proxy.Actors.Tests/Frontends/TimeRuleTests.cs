using System.Globalization;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors.Tests;

/// <summary>Rules that hold at times, through a listener, over the nights when clocks are set. Moments are UTC, to the second.</summary>
public sealed class TimeRuleTests
{
    [Fact]
    public void In_Paris_the_day_begins_an_hour_later_in_UTC_once_the_clocks_were_set_back() => Check(
        "allow any hours=08:00-18:00 zone=Europe/Paris",
        ("2031-10-25T05:59:59", false),
        ("2031-10-25T06:00:00", true),
        ("2031-10-25T15:59:59", true),
        ("2031-10-25T16:00:00", false),
        ("2031-10-26T06:59:59", false),
        ("2031-10-26T07:00:00", true),
        ("2031-10-26T16:59:59", true),
        ("2031-10-26T17:00:00", false),
        ("2032-03-27T06:59:59", false),
        ("2032-03-27T07:00:00", true),
        ("2032-03-28T05:59:59", false),
        ("2032-03-28T06:00:00", true));

    [Fact]
    public void In_Paris_an_hour_that_comes_twice_counts_twice_and_one_that_is_left_out_not_at_all() => Check(
        "deny any hours=02:30-03:30 zone=Europe/Paris",

        // 03:00 becomes 02:00: half past two is seen at 00:30 and again at 01:30.
        ("2031-10-26T00:29:59", true),
        ("2031-10-26T00:30:00", false),
        ("2031-10-26T00:59:59", false),
        ("2031-10-26T01:00:00", true),
        ("2031-10-26T01:29:59", true),
        ("2031-10-26T01:30:00", false),
        ("2031-10-26T02:29:59", false),
        ("2031-10-26T02:30:00", true),

        // 02:00 becomes 03:00.
        ("2032-03-28T00:59:59", true),
        ("2032-03-28T01:00:00", false),
        ("2032-03-28T01:29:59", false),
        ("2032-03-28T01:30:00", true));

    [Fact]
    public void In_Sydney_the_clocks_are_set_the_other_way_round() => Check(
        "deny any hours=02:30-03:30 zone=Australia/Sydney",

        // 5 October: 02:00 becomes 03:00 at 16:00 UTC of the day before.
        ("2031-10-04T15:59:59", true),
        ("2031-10-04T16:00:00", false),
        ("2031-10-04T16:29:59", false),
        ("2031-10-04T16:30:00", true),

        // 4 April: 03:00 becomes 02:00.
        ("2032-04-03T15:29:59", true),
        ("2032-04-03T15:30:00", false),
        ("2032-04-03T15:59:59", false),
        ("2032-04-03T16:00:00", true),
        ("2032-04-03T16:29:59", true),
        ("2032-04-03T16:30:00", false),
        ("2032-04-03T17:29:59", false),
        ("2032-04-03T17:30:00", true));

    [Fact]
    public void Working_days_and_dates_are_those_of_the_zone() => Check(
        "allow any days=mon-fri from=2031-10-06 to=2031-10-10 zone=Australia/Sydney",
        ("2031-10-05T12:59:59", false),
        ("2031-10-05T13:00:00", true),
        ("2031-10-10T12:59:59", true),
        ("2031-10-10T13:00:00", false),
        ("2031-10-12T13:00:00", false));

    [Fact]
    public void The_first_rule_that_matches_decides_at_each_moment() => Check(
        ["deny any hours=12:00-13:00", "allow 10.0.0.0/24 days=sat", "allow any hours=09:00-17:00"],
        ("2031-10-11T08:59:59", true),
        ("2031-10-11T12:00:00", false),
        ("2031-10-11T13:00:00", true),
        ("2031-10-12T08:59:59", false),
        ("2031-10-12T09:00:00", true));

    [Fact]
    public void Who_came_in_stays_when_the_rule_ends()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate("allow any hours=09:00-17:00"));
        rig.RunTo(Utc("2031-04-05T16:59:59"));
        var inside = rig.Connect(listener);

        rig.RunTo(Utc("2031-04-05T17:00:01"));

        Assert.True(rig.Connect(listener).WasReset);
        Assert.False(inside.WasReset);
        rig.EndWell();
    }

    private static void Check(string rule, params (string Moment, bool IsServed)[] moments) => Check([rule], moments);

    private static void Check(string[] rules, params (string Moment, bool IsServed)[] moments)
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate(rules));
        foreach (var (moment, isServed) in moments)
        {
            rig.RunTo(Utc(moment));
            var socket = rig.Connect(listener);
            Assert.True(isServed == listener.HasServed(socket) && isServed != socket.WasReset, $"at {moment} it should be {(isServed ? "served" : "refused")}");
        }

        Assert.Equal(moments.Count(moment => !moment.IsServed), rig.Refused(listener, "denied"));
        rig.EndWell();
    }

    private static GateSettings Gate(params string[] rules) => new(new AccessRules(rules.Select(Read)), AdmissionSettings.Unlimited);

    private static AccessRule Read(string text) =>
        AccessRuleText.TryParse(text, out var rule, out var errors) ? rule.Build() : throw new ArgumentException(string.Join('\n', errors), nameof(text));

    private static DateTimeOffset Utc(string moment) => DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
