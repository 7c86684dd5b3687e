using System.Net;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors.Tests;

/// <summary>What an operator reads of refusals at level info.</summary>
public sealed class RefusalReportTests
{
    private static readonly GateSettings Gate = new(AccessRules.AllowAll, new AdmissionSettings { MaximumConnectionsPerSource = 7 });

    private readonly RefusalReport _report = new();

    [Fact]
    public void The_first_of_a_reason_is_told_at_once_and_those_after_it_are_summed_up_with_the_last()
    {
        Assert.Equal("refused 1 connection: source_connections (192.0.2.1: its address has 7 connections)", Add(RefusalReason.SourceConnections, "192.0.2.1"));
        Assert.Null(Add(RefusalReason.SourceConnections, "192.0.2.2"));
        Assert.Null(Add(RefusalReason.SourceConnections, "192.0.2.3"));

        Assert.Equal(
            "refused 2 connections in 10 s: source_connections (the last, 192.0.2.3: its address has 7 connections)", _report.Sum(RefusalReason.SourceConnections));
        Assert.Null(Add(RefusalReason.SourceConnections, "192.0.2.4"));
    }

    [Fact]
    public void Ten_quiet_seconds_end_a_report_and_the_next_is_told_at_once_again()
    {
        Add(RefusalReason.QueueFull, "192.0.2.1");
        Assert.Null(_report.Sum(RefusalReason.QueueFull));

        Assert.NotNull(Add(RefusalReason.QueueFull, "192.0.2.1"));
    }

    [Fact]
    public void Each_reason_has_a_report_of_its_own()
    {
        Assert.NotNull(Add(RefusalReason.QueueFull, "192.0.2.1"));
        Assert.NotNull(Add(RefusalReason.AcceptRate, "192.0.2.1"));
        Assert.Null(Add(RefusalReason.QueueFull, "192.0.2.1"));
        Assert.Null(_report.Sum(RefusalReason.AcceptRate));
    }

    [Fact]
    public void Every_reason_has_a_name_and_words_of_its_own()
    {
        Assert.DoesNotContain("unknown", RefusalReasons.All.Select(reason => reason.Name()));
        Assert.Equal(RefusalReasons.All.Count, RefusalReasons.All.Select(reason => reason.Name()).Distinct().Count());
        Assert.All(RefusalReasons.All, reason => Assert.NotEqual(reason.Name(), new Refusal(reason, Gate).ToString()));
    }

    [Fact]
    public void A_storm_of_refusals_leaves_a_line_every_ten_seconds_at_level_info_and_each_at_level_debug()
    {
        var rig = new ListenerRig();
        var rules = new AccessRules([new AccessRule("strangers", AccessAction.Deny)]);
        var listener = rig.Listen(new GateSettings(rules, AdmissionSettings.Unlimited));
        for (var i = 0; i < 120; i++)
        {
            rig.Connect(listener);
            rig.RunFor(0.115);
        }

        var told = rig.Lines.Where(line => line.Level == LogLevel.Info).Select(line => line.Text).ToList();
        Assert.Equal(2, told.Count);
        Assert.Equal("tcp://10.0.0.2:7000: refused 1 connection: denied (10.0.0.4: denied by rule strangers)", told[0]);
        Assert.Equal("tcp://10.0.0.2:7000: refused 79 connections in 10 s: denied (the last, 10.0.0.4: denied by rule strangers)", told[1]);
        Assert.Equal(120, rig.Lines.Count(line => line.Level == LogLevel.Debug && line.Text.Contains("refused 10.0.0.4:", StringComparison.Ordinal)));
        rig.EndWell();
        Assert.True(rig.HasLine(LogLevel.Info, "refused 40 connections"), "what was not told yet is told at the end");
    }

    [Fact]
    public void A_rule_that_an_earlier_one_covers_is_named_in_a_warning_with_that_one()
    {
        var rig = new ListenerRig();
        var rules = new AccessRules([new AccessRule("deny any", AccessAction.Deny), new AccessRule("allow any", AccessAction.Allow)]);
        rig.Listen(new GateSettings(rules, AdmissionSettings.Unlimited));

        Assert.True(rig.HasLine(LogLevel.Warning, "'allow any' decides nothing", "'deny any'"));
        rig.EndWell();
    }

    private string? Add(RefusalReason reason, string client) => _report.Add(new Refusal(reason, Gate), IPAddress.Parse(client));
}
